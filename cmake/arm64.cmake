# Cross-build for arm64 with Debian's cross compiler. The libraries are unpacked by packaging/dev/arm64.sh.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
set(CMAKE_LIBRARY_ARCHITECTURE aarch64-linux-gnu)
get_filename_component(root ${CMAKE_CURRENT_LIST_DIR}/../.dev/arm64/root ABSOLUTE)
set(CMAKE_FIND_ROOT_PATH ${root})
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
set(CMAKE_CXX_FLAGS_INIT "-isystem ${root}/usr/include/aarch64-linux-gnu -isystem ${root}/usr/include")
# The last words of a link, so that a program's own -L comes before it.
set(CMAKE_CXX_STANDARD_LIBRARIES_INIT -L${root}/usr/lib/aarch64-linux-gnu)
# Tests are static too: the emulator then needs no arm64 C library.
set(CMAKE_EXE_LINKER_FLAGS_INIT -static-pie)
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-aarch64)
