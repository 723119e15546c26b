// Copy buttons of transcripts copy the commands alone, without prompts and output.
function commands(block) {
  return [...block.textContent.matchAll(/^\$ (.*)$/gm)].map(found => found[1]).join("\n")
}
function prepare() {
  for (const block of document.querySelectorAll(".language-console")) {
    for (const button of block.querySelectorAll("[data-clipboard-target]")) {
      button.setAttribute("data-clipboard-text", commands(block.querySelector("code")))
      button.removeAttribute("data-clipboard-target")
    }
  }
}
new MutationObserver(prepare).observe(document.documentElement, {childList: true, subtree: true})
prepare()
