# The functions that .ci/run and .ci/full share. Source this file in the root of the repository.

# Announce a step, with the seconds so far.
step() { printf '\n== %s (after %s s)\n' "$*" "$SECONDS"; }

# Print the requirements of an extra, so that pip installs them without building the package again.
extra() {
  python -c "import tomllib; print(*tomllib.load(open('pyproject.toml', 'rb'))['project']['optional-dependencies']['$1'])"
}

# Install Debian's packages if a program or file of them is missing: packages PROGRAM-OR-FILE... -- PACKAGE...
packages() {
  local wanted complete=yes
  for wanted in "$@"; do
    shift
    [ "$wanted" = -- ] && break
    command -v "$wanted" >/dev/null || [ -e "$wanted" ] || complete=no
  done
  [ "$complete" = yes ] && return
  step "Debian packages: $*"
  local sudo
  sudo=$([ "$(id -u)" = 0 ] || echo sudo)
  $sudo apt-get -qq update
  $sudo apt-get -qq install -y --no-install-recommends "$@" >/dev/null
}

# Install clang, GoogleTest, and a compiler and an emulator for ARM.
system_packages() {
  # The name of clang's runtime depends on the release.
  packages clang++ /usr/include/gtest/gtest.h -- clang libclang-rt-dev libgtest-dev || \
    packages clang++ /usr/include/gtest/gtest.h -- clang libclang-rt-14-dev libgtest-dev
  packages aarch64-linux-gnu-g++ qemu-aarch64 /usr/src/googletest -- g++-aarch64-linux-gnu qemu-user googletest
}

# Build and run C++ tests for 64-bit ARM under qemu: on_arm PROGRAM...
on_arm() {
  cmake --preset aarch64 >/dev/null
  cmake --build --preset aarch64 --target "$@"
  local program
  for program in "$@"; do
    qemu-aarch64 -cpu max -L /usr/aarch64-linux-gnu "build/aarch64/$program" --gtest_brief=1
  done
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
