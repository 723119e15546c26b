"""Tokens, rules and stop words of several languages.

After https://spacy.io/usage/linguistic-features
"""

import spacy
from spacy.matcher import Matcher

for code in ("en", "de", "es"):
    nlp = spacy.blank(code)
    nlp.add_pipe("sentencizer")
    doc = nlp("Dr. Smith paid 3.50 for a cup. It isn't cheap, z.B. im Cafe!")
    print(code, [token.text for token in doc], len(list(doc.sents)), len(nlp.Defaults.stop_words))
matcher = Matcher(nlp.vocab)
matcher.add("N", [[{"LIKE_NUM": True}]])
print(matcher(doc))
