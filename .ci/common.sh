# The functions that .ci/run and .ci/full share. Source this file in the root of the repository.

# Announce a step, with the seconds so far.
step() { printf '\n== %s (after %s s)\n' "$*" "$SECONDS"; }

# Print the requirements of an extra, so that pip installs them without building the package again.
extra() {
  python -c "import tomllib; print(*tomllib.load(open('pyproject.toml', 'rb'))['project']['optional-dependencies']['$1'])"
}

# Install Debian's clang and GoogleTest if they are missing.
system_packages() {
  if command -v clang++ >/dev/null && ls /usr/include/gtest/gtest.h >/dev/null 2>&1; then return; fi
  step "Debian packages"
  local sudo
  sudo=$([ "$(id -u)" = 0 ] || echo sudo)
  $sudo apt-get -qq update
  $sudo apt-get -qq install -y clang libclang-rt-dev libgtest-dev >/dev/null || \
    $sudo apt-get -qq install -y clang libclang-rt-14-dev libgtest-dev >/dev/null
}

# Run every fuzz target one after the other, from our files where it reads such files: fuzz OPTION...
fuzz() {
  cmake --preset fuzz >/dev/null
  cmake --build --preset fuzz
  local target name corpus
  for target in build/fuzz/fuzz_*; do
    [ -x "$target" ] && [ -f "$target" ] || continue
    name=$(basename "$target")
    corpus=build/corpus/$name
    mkdir -p "$corpus"
    local from=(-max_len=512 "$corpus")
    case "$name" in
      fuzz_read_score)
        from=(-dict=tests/fuzz/midi.dict -max_len=2600 "$corpus" examples tests/data/hostile tests/data/seeds) ;;
      fuzz_indexes) from=(-max_len=256 "$corpus") ;;
      fuzz_onnx_check) from=(-max_len=512 "$corpus" tests/data/graphs) ;;
      fuzz_snapshots) from=(-max_len=48 "$corpus") ;;
    esac
    step "$name"
    "$target" -print_final_stats=1 "$@" "${from[@]}"
  done
}
