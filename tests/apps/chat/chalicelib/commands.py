import emoji


def answer(text):
    word, _, rest = text.partition(" ")
    return emoji.emojize(f":wave: {rest}") if word == "/wave" else text[::-1]
