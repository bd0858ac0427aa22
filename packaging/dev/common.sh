# Shared by the scripts behind ./dev. Sourced from the root of the tree.
mkdir -p .dev

# Clones and worktrees share the compiler cache: paths below the tree are hashed as relative ones.
export CCACHE_BASEDIR=$PWD CCACHE_NOHASHDIR=1

die() { echo "dev: $*" >&2; exit 1; }

heading() { printf '\n[%4d s] %s\n' "$SECONDS" "$*"; }

# Files the formatter owns: tracked or new, never ignored, never generated.
our_sources() { git ls-files --cached --others --exclude-standard -- '*.cc' '*.h' | while read -r f; do [[ -f $f ]] && echo "$f"; done; }
