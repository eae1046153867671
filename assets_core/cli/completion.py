"""``assets completion``: a script that lets a shell ask us at every Tab."""

from __future__ import annotations

from typing import Annotated

import typer

from assets_core.cli.session import session_of
from assets_core.errors import UsageError

BASH = """\
# bash completion for assets; load it with: source <(assets completion bash)
_assets_complete() {
    local IFS=$'\\n' cur words cword
    # Words are split at spaces only, so that tag:x and KEY@PART stay whole.
    if declare -F _get_comp_words_by_ref >/dev/null; then
        _get_comp_words_by_ref -n ':@=' -w words -i cword -c cur
    else
        local line=${COMP_LINE:0:COMP_POINT}
        IFS=$' \\t' read -ra words <<<"$line"
        [[ $line == *[[:blank:]] ]] && words+=("")
        cword=$((${#words[@]} - 1))
        cur=${words[cword]}
    fi
    COMPREPLY=($(assets __complete "${words[@]:1:cword}" 2>/dev/null))
    [[ $cur == *:* ]] && COMPREPLY=("${COMPREPLY[@]#"${cur%"${cur##*:}"}"}")
    [[ ${COMPREPLY[0]-} == *: ]] && compopt -o nospace
    return 0
}
complete -o default -F _assets_complete assets
"""
ZSH = """\
#compdef assets
# zsh completion for assets; load it with: source <(assets completion zsh)
_assets() {
    local -a found
    found=("${(@f)$(assets __complete "${(@)words[2,CURRENT]}" 2>/dev/null)}")
    found=(${found:#})
    if (( ${#found} )); then
        compadd -Q -S '' -- "${(@M)found:#*:}"
        compadd -Q -- "${(@)found:#*:}"
    else
        _files
    fi
}
if [ "$funcstack[1]" = "_assets" ]; then _assets "$@"; else compdef _assets assets; fi
"""
FISH = """\
# fish completion for assets; load it with: assets completion fish | source
function __assets_complete
    set -l words (commandline -opc) (commandline -ct)
    assets __complete $words[2..-1] 2>/dev/null
end
complete -c assets -a '(__assets_complete)'
"""
SCRIPTS = {"bash": BASH, "zsh": ZSH, "fish": FISH}

Shell = Annotated[str, typer.Argument(metavar="SHELL", help="bash, zsh or fish.")]


def run(ctx: typer.Context, shell: Shell) -> int:
    """Print a completion script for a shell.

    Names of assets, tags and groups come from an index that every command on the project refreshes.
    """
    session = session_of(ctx)
    if shell not in SCRIPTS:
        raise UsageError(
            "E909", f"there is no completion for `{shell}`", help=f"one of {', '.join(SCRIPTS)}"
        )
    if session.as_json:
        session.document(
            {"schema": "assets.completion/1", "shell": shell, "script": SCRIPTS[shell]}
        )
    else:
        session.out.write(SCRIPTS[shell])
    return 0
