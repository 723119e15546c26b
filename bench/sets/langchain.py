"""Prompts, a parser and a splitter, put together.

After https://python.langchain.com/docs/concepts/lcel/
"""

from langchain.text_splitter import Language, RecursiveCharacterTextSplitter
from langchain_core.language_models import FakeListChatModel
from langchain_core.output_parsers import JsonOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.prompts.loading import load_prompt_from_config

chain = (
    ChatPromptTemplate.from_messages([("system", "You count."), ("human", "{n}")])
    | FakeListChatModel(responses=['{"n": 3}'])
    | JsonOutputParser()
)
print(chain.invoke({"n": 3}), chain.get_graph().draw_mermaid())
splitter = RecursiveCharacterTextSplitter.from_language(
    Language.PYTHON, chunk_size=20, chunk_overlap=0
)
print(splitter.split_text("def f():\n    return 1\n\ndef g():\n    return 2\n"))
print(
    load_prompt_from_config(
        {"_type": "prompt", "template": "{a}", "input_variables": ["a"]}
    ).format(a=1)
)
