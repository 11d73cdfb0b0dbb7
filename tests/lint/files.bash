# For the steps: lists files of the tree without what is built, fetched or kept at run time.
# Arguments: names as for find, "*.c" "*.h".
files() {
    local names=() name
    for name in "$@"; do
        names+=(-o -name "$name")
    done
    find . \( -name .git -o -name node_modules -o -path ./build -o -path ./data -o -path ./work \) -prune \
        -o -type f \( "${names[@]:1}" \) -print | sed 's|^\./||' | sort
}
