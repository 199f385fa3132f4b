"""Code languages as Notion spells them, and the names people use for them.

https://developers.notion.com/reference/block#code
"""

PLAIN = "plain text"

LANGUAGES = frozenset(
    (
        "abap|abc|agda|arduino|ascii art|assembly|bash|basic|bnf|c|c#|c++|clojure|coffeescript|coq|css|dart|"
        "dhall|diff|docker|ebnf|elixir|elm|erlang|f#|flow|fortran|gherkin|glsl|go|graphql|groovy|haskell|hcl|"
        "html|idris|java|javascript|json|julia|kotlin|latex|less|lisp|livescript|llvm ir|lua|makefile|markdown|"
        "markup|matlab|mathematica|mermaid|nix|notion formula|objective-c|ocaml|pascal|perl|php|plain text|"
        "powershell|prolog|protobuf|purescript|python|r|racket|reason|ruby|rust|sass|scala|scheme|scss|shell|"
        "smalltalk|solidity|sql|swift|toml|typescript|vb.net|verilog|vhdl|visual basic|webassembly|xml|yaml"
    ).split("|")
)

ALIASES = {
    "sh": "shell",
    "zsh": "shell",
    "console": "shell",
    "shell-session": "shell",
    "py": "python",
    "python3": "python",
    "js": "javascript",
    "jsx": "javascript",
    "node": "javascript",
    "ts": "typescript",
    "tsx": "typescript",
    "rb": "ruby",
    "rs": "rust",
    "golang": "go",
    "cpp": "c++",
    "cs": "c#",
    "csharp": "c#",
    "fs": "f#",
    "dockerfile": "docker",
    "yml": "yaml",
    "md": "markdown",
    "make": "makefile",
    "ps1": "powershell",
    "patch": "diff",
    "tf": "hcl",
    "terraform": "hcl",
    "objc": "objective-c",
    "kt": "kotlin",
    "hs": "haskell",
    "ex": "elixir",
    "erl": "erlang",
    "tex": "latex",
    "proto": "protobuf",
    "svg": "xml",
    "jsonc": "json",
    "json5": "json",
    "text": PLAIN,
    "txt": PLAIN,
}


def language(info: str) -> str:
    """Notion's name for the language of a fence; unknown ones are plain text."""
    word = info.strip().split(" ", 1)[0].lower()
    name = ALIASES.get(word, word)
    return name if name in LANGUAGES else PLAIN
