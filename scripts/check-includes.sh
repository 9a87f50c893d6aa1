#!/usr/bin/env bash
# Checks the direction of includes, room by room (docs/architecture.md):  scripts/check-includes.sh [ROOT]
#
# - A room of src/ includes itself and the rooms before it in kRooms; cli/ comes last.
# - kernels see core only; autodiff and plan see ops only through its records (ops/op.h, ops/composed.h) and
#   the public headers.
# - A public header counts as part of the room that stands behind it. Public headers include only one another
#   and the C++ standard library.
# - Each third-party header may be included by the rooms named in kThirdParty only.
# - Includes are written from the root of src/, or as chainrule/NAME.h.
set -euo pipefail
cd "${1:-$(dirname "$0")/..}"

export kRooms='core kernels graph ops autodiff plan config io nn optim data train explain plot c_export onnx dist serve cli'

# The room behind each public header; one not named here belongs to the room of its folder, or of its own name.
export kPublic='array:core dtype:core half:core error:core location:core random:core shape:core shared:core threads:core duration:core
                  tensor:graph conv:ops linalg:ops loss:ops normalize:ops numeric:ops op:ops random_tensor:ops grad:autodiff grad_check:autodiff
                  fields:config boxed:config named_tensors:io number:core chainrule:explain'

export kThirdParty='hwy/:kernels Eigen/:kernels zlib.h:data zlib.h:cli curl/:cli zip.h:io png.h:cli png.h:data png.h:plot jpeglib.h:data jerror.h:data fmt/:cli CLI/:cli
                      nlohmann/:config nlohmann/:io nlohmann/:train nlohmann/:cli toml++/:config
                      onnx/onnx_pb.h:onnx onnx/checker.h:onnx onnx/shape_inference/:onnx
                      mpi.h:dist'

export kStandard='algorithm any array atomic barrier bit bitset cassert cctype cerrno cfenv cfloat charconv chrono
  cinttypes climits clocale cmath codecvt compare complex concepts condition_variable coroutine csetjmp csignal cstdarg
  cstddef cstdint cstdio cstdlib cstring ctime cuchar cwchar cwctype deque exception execution filesystem format
  forward_list fstream functional future initializer_list iomanip ios iosfwd iostream istream iterator latch limits list
  locale map memory memory_resource mutex new numbers numeric optional ostream queue random ranges ratio regex
  scoped_allocator semaphore set shared_mutex source_location span sstream stack stdexcept stop_token streambuf string
  string_view syncstream system_error thread tuple type_traits typeindex typeinfo unordered_map unordered_set utility
  valarray variant vector version'

mapfile -d '' -t sources < <(find include src cli -type f \( -name '*.h' -o -name '*.cpp' -o -name '*.def' \) \
  -print0 2>/dev/null | LC_ALL=C sort -z)

awk '
function fail(message) {
  printf "%s:%d: %s\n", FILENAME, FNR, message
  ++failures
}

# The room of a file of this project.
function room_of_file(path, parts) {
  split(path, parts, "/")
  if (parts[1] == "src") return parts[2]
  return parts[1]
}

# The room of an included file of this project, or "" if it is not one.
function room_of_include(target, parts, name) {
  if (target ~ /^chainrule\//) {
    name = target
    sub(/^chainrule\//, "", name)
    sub(/\.h$/, "", name)
    if (name in public_room) return public_room[name]
    return match(name, /^[a-z]+\//) ? substr(name, 1, RLENGTH - 1) : name
  }
  split(target, parts, "/")
  return target ~ /\// && parts[1] in rank ? parts[1] : ""
}

function check_third_party(room, target, i, rule, known, allowed) {
  for (i = 1; i <= third_count; ++i) {
    split(third[i], rule, ":")
    if (substr(target, 1, length(rule[1])) != rule[1]) continue
    known = 1
    if (rule[2] == room) allowed = 1
  }
  if (known && !allowed) fail("<" target "> is not for " room " (kThirdParty in scripts/check-includes.sh)")
  return known
}

function check_public(target, quoted) {
  if (quoted ? target !~ /^chainrule\/[a-z0-9_\/]+\.h$/ : !(target in is_standard))
    fail("a public header includes only chainrule/ and the standard library, not " target)
}

function check_room(room, target, quoted, other) {
  if (!(room in rank)) { fail("room " room " is not in kRooms of scripts/check-includes.sh"); return }
  if (check_third_party(room, target)) return
  other = room_of_include(target)
  if (other == "") {
    if (quoted && room != "cli" && target !~ /^[a-z_]+\.inc$/) fail("\"" target "\" is not written from the root of src/, or not a known room")
    return
  }
  if (!(other in rank)) {
    fail(target ": name the room behind this public header in kPublic of scripts/check-includes.sh")
  } else if (rank[other] > rank[room]) {
    fail(room " includes " target ", but " other " comes after " room)
  } else if (room == "kernels" && other != "kernels" && other != "core") {
    fail("kernels includes " target ", but kernels see core only")
  } else if ((room == "autodiff" || room == "plan") && other == "ops" &&
             target != "ops/op.h" && target != "ops/composed.h" && target !~ /^chainrule\//) {
    fail(room " includes " target ", but sees ops only through ops/op.h, ops/composed.h and public headers")
  }
}

BEGIN {
  count = split(ENVIRON["kRooms"], list, " ")
  for (i = 1; i <= count; ++i) rank[list[i]] = i
  count = split(ENVIRON["kPublic"], list, " ")
  for (i = 1; i <= count; ++i) { split(list[i], pair, ":"); public_room[pair[1]] = pair[2] }
  count = split(ENVIRON["kStandard"], list, " ")
  for (i = 1; i <= count; ++i) is_standard[list[i]] = 1
  third_count = split(ENVIRON["kThirdParty"], third, " ")
}

/^[ \t]*#[ \t]*include[ \t]*["<]/ {
  target = $0
  sub(/^[ \t]*#[ \t]*include[ \t]*/, "", target)
  quoted = target ~ /^"/
  target = substr(target, 2)
  sub(/[">].*/, "", target)
  room = room_of_file(FILENAME)
  if (room == "include") check_public(target, quoted || target ~ /^chainrule\//)
  else check_room(room, target, quoted)
}

END {
  if (failures) printf "check-includes: %d wrong\n", failures
  exit failures > 0
}' "${sources[@]}" </dev/null >&2
