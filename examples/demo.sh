#!/usr/bin/env bash
# One site on this machine, from nothing to a healthy stack; `./dev demo` builds and then runs it.
#
#   demo.sh         does whatever is missing, so a second run picks up where the first one stopped
#   demo.sh stop    ends and removes everything a run made
#
# SKERRY_DEMO_DIR (.dev/demo) holds every file of it, SKERRY_DEMO_PORT (8443) is the server's port.
# A Docker Engine that answers (DOCKER_HOST is honoured) is used as it is; otherwise one is started.
set -euo pipefail

tree=$(realpath "$(dirname "$(readlink -f "$0")")/..")
programs=$tree/build/release/apps
dir=$(realpath -m "${SKERRY_DEMO_DIR:-$tree/.dev/demo}")
port=${SKERRY_DEMO_PORT:-8443}
stack=$tree/examples/hello/stack.yaml
site=demo-site
page=http://127.0.0.1:8088/
export SKERRY_CONFIG=$dir/config.yaml SKERRY_SOCKET=$dir/agent.sock

# --- what is said ---------------------------------------------------------------------------------

say() { printf '\n[%3d s] %s\n' "$SECONDS" "$*"; }

show() { printf '\n         $ %s\n' "$*"; "$@" | sed 's/^/         /'; }

# give_up CAUSE [LOG]: what went wrong, the end of the log that tells more, and where it is.
give_up() {
  trap - ERR
  printf '\n[%3d s] failed: %s\n' "$SECONDS" "$1" >&2
  if [[ -s ${2:-} ]]; then
    printf '         the end of %s:\n' "$2" >&2
    tail -n 8 "$2" | sed 's/^/         | /' >&2
  fi
  printf '         try again: ./dev demo     start over: ./dev demo stop && ./dev demo\n' >&2
  exit 1
}

# wait_for SECONDS WHAT LOG COMMAND...: until COMMAND succeeds; WHAT and LOG explain why it did not.
wait_for() {
  local end=$((SECONDS + $1)) what=$2 log=$3
  shift 3
  until "$@" > /dev/null 2>&1; do
    ((SECONDS < end)) || give_up "$what" "$log"
    sleep 0.1
  done
}

# --- programs in the background -------------------------------------------------------------------

# The name guards against a number that another process has by now.
is_running() {
  local pid
  pid=$(cat "$dir/$1.pid" 2> /dev/null) && [[ $(cat "/proc/$pid/comm" 2> /dev/null) == "$1" ]]
}

start() { # start NAME COMMAND...: in a session of its own, so that closing the terminal leaves it
  local name=$1
  shift
  setsid "$@" >> "$dir/$name.log" 2>&1 < /dev/null &
  echo $! > "$dir/$name.pid"
  disown
}

end() { # end NAME: asks it to stop, and waits
  is_running "$1" || return 0
  local pid
  pid=$(cat "$dir/$1.pid")
  kill "$pid"
  for _ in $(seq 200); do
    is_running "$1" || return 0
    sleep 0.1
  done
  kill -KILL "$pid" 2> /dev/null || true
}

# A program that was built again since must not go on running.
end_if_rebuilt() {
  is_running "$1" || return 0
  if [[ $(readlink "/proc/$(cat "$dir/$1.pid")/exe") == *'(deleted)' ]]; then end "$1"; fi
}

# --- the steps ------------------------------------------------------------------------------------

find_docker() {
  if docker info > "$dir/docker-info.log" 2>&1; then
    say "Docker $(docker version --format '{{.Server.Version}}') answers"
    return
  fi
  [[ -z ${DOCKER_HOST:-} ]] || give_up "no Docker Engine answers at DOCKER_HOST=$DOCKER_HOST" "$dir/docker-info.log"
  if [[ -d /run/systemd/system ]] && systemctl start docker > "$dir/dockerd.log" 2>&1; then
    say "started Docker's service"
  else
    command -v dockerd > /dev/null || give_up "there is no dockerd; ./dev setup installs it"
    say "no Docker Engine answers: starting one (log: $dir/dockerd.log)"
    start dockerd dockerd --data-root "$dir/docker" --pidfile "$dir/docker.pid"
  fi
  wait_for 60 "the Docker Engine does not answer within a minute" "$dir/dockerd.log" docker info
}

docker_socket() {
  local host=${DOCKER_HOST:-unix:///var/run/docker.sock}
  [[ $host == unix://* ]] || give_up "DOCKER_HOST=$host: the agent drives an engine over its unix socket"
  echo "${host#unix://}"
}

make_image() {
  "$tree/examples/hello/make-image.sh" "$tree/build/release/examples/hello" > "$dir/image.log" 2>&1 ||
    give_up "the image skerry-hello:1 was not made" "$dir/image.log"
  say "image skerry-hello:1 is made from one static program"
}

server_answers() { curl -sk --max-time 2 "https://127.0.0.1:$port/healthz"; }

start_server() {
  end_if_rebuilt skerryd
  if is_running skerryd; then
    say "skerryd runs already"
  else
    ! server_answers > /dev/null || give_up "another program answers on port $port; SKERRY_DEMO_PORT chooses another"
    start skerryd "$programs/skerryd" --data "$dir/server" --listen "127.0.0.1:$port"
  fi
  wait_for 20 "skerryd does not answer on port $port" "$dir/skerryd.log" server_answers
  say "skerryd answers on https://127.0.0.1:$port, its store is in $dir/server"
}

# The key's fingerprint is what the command line trusts, and the code what only this machine can read.
set_up_admin() {
  if skerry whoami > /dev/null 2>&1; then return; fi
  # A session ends by itself after some hours.
  if [[ -s $dir/admin-password && -s $SKERRY_CONFIG ]] &&
    skerry login --user admin < "$dir/admin-password" > "$dir/login.log" 2>&1; then return; fi
  [[ -s $dir/server/setup-code ]] ||
    give_up "skerryd in $dir/server has an admin, but $SKERRY_CONFIG knows no password of it" "$dir/skerryd.log"
  local fingerprint
  fingerprint=$(sed -n 's/.*"fingerprint":"\([^"]*\)".*/\1/p' "$dir/skerryd.log" | tail -1)
  tr -dc 'a-z0-9' < /dev/urandom | head -c 20 > "$dir/admin-password" || true
  { cat "$dir/server/setup-code"; echo; cat "$dir/admin-password"; } |
    skerry setup "https://127.0.0.1:$port" --pin "$fingerprint" > "$dir/setup.log" 2>&1 ||
    give_up "the admin could not be set up" "$dir/setup.log"
  say "the admin is set up (password: $dir/admin-password)"
}

enrol_site() {
  if [[ -e $dir/enrolled ]]; then return; fi
  local token root
  skerry token create --site > "$dir/token" 2> "$dir/token.log" || give_up "no token was made" "$dir/token.log"
  token=$(sed -n 's/^token: //p' "$dir/token")
  root=$(sed -n 's/.*--root \([^ ]*\).*/\1/p' "$dir/token")
  rm -f "$dir/token"
  say "enrolling this machine as $site with a one-time token"
  timeout 30 "$programs/skerry-agent" enrol --server "127.0.0.1:$port" --root "$root" --name "$site" \
    --state "$dir/agent" --docker "$(docker_socket)" <<< "$token" > "$dir/enrol.log" 2>&1 ||
    give_up "the enrolment failed" "$dir/enrol.log"
  touch "$dir/enrolled"
}

start_agent() {
  end_if_rebuilt skerry-agent
  # One whose server was away tries again later and later; one that starts tries at once.
  agent_is_linked > /dev/null 2>&1 || end skerry-agent
  if ! is_running skerry-agent; then
    start skerry-agent "$programs/skerry-agent" run --state "$dir/agent" --docker "$(docker_socket)" \
      --socket "$SKERRY_SOCKET"
  fi
  wait_for 60 "the agent has no link to the server" "$dir/skerry-agent.log" agent_is_linked
  say "the agent runs and is linked to the server"
}

agent_is_linked() { skerry site status --json | jq -e .link.connected; }

apply_stack() {
  skerry apply -f "$stack" > "$dir/apply.log" 2>&1 || give_up "the stack was not taken" "$dir/apply.log"
  say "applied examples/hello/stack.yaml; waiting until it is Healthy"
  skerry wait stack/hello --for=status=healthy --timeout 90s > "$dir/wait.log" 2>&1 || {
    skerry describe stack/hello || true
    give_up "the stack is not Healthy" "$dir/wait.log"
  }
  say "it is Healthy; this is what Skerry knows:"
  show skerry get sites
  show skerry get stacks
  show skerry describe stack/hello
  wait_for 10 "nothing answers at $page" "$dir/skerry-agent.log" curl -fs --max-time 2 "$page"
  show curl -s "$page"
}

what_next() {
  cat << TEXT

[$(printf %3d "$SECONDS") s] Done. To try more in this terminal:

  export SKERRY_CONFIG=$SKERRY_CONFIG SKERRY_SOCKET=$SKERRY_SOCKET${DOCKER_HOST:+ DOCKER_HOST=$DOCKER_HOST}
  export PATH=$programs:\$PATH

  docker kill hello-web-1                     # comes back within a second
  docker update --memory 64m --memory-swap 64m hello-web-1   # an edit by hand is taken back ...
  skerry events                               # ... and told: which field, wanted, found
  kill \$(cat $dir/skerryd.pid)     # without the server ...
  docker rm -f hello-web-1; sleep 3; curl $page   # ... the site still repairs itself
  skerry site status                          # what the agent says of itself
  ./dev demo                                  # starts the server again
  sed 's/Hello from/Welcome to/' examples/hello/stack.yaml | skerry apply -f -   # a new release
  ./dev demo stop                             # removes everything this made

TEXT
}

# --- the end --------------------------------------------------------------------------------------

# Whatever the agent made carries the id of its installation, also what was applied after the demo.
remove_what_runs() {
  local ours
  ours=label=skerry.install=$(cat "$dir/agent/install-id" 2> /dev/null) || return 0
  docker info > /dev/null 2>&1 || return 0
  docker ps -aq --filter "$ours" | xargs -r docker rm -f > /dev/null
  docker volume ls -q --filter "$ours" | xargs -r docker volume rm -f > /dev/null
  docker network ls -q --filter "$ours" | xargs -r docker network rm > /dev/null
  docker image rm skerry-hello:1 > /dev/null 2>&1 || true
}

stop() {
  end skerry-agent # Before its containers, or it would bring them back.
  end skerryd
  remove_what_runs
  end dockerd
  awk -v below="$dir/" 'index($2, below) == 1 {print $2}' /proc/self/mounts | sort -r | xargs -r umount -l
  rm -rf "$dir"
  say "stopped, and $dir is removed"
}

trap 'give_up "line $LINENO of $0: $BASH_COMMAND"' ERR
if [[ $(id -u) != 0 ]]; then
  command -v sudo > /dev/null || { echo "the agent and Docker need root, and there is no sudo" >&2; exit 1; }
  echo "the agent and Docker need root: asking sudo" >&2
  exec sudo --preserve-env=SKERRY_DEMO_DIR,SKERRY_DEMO_PORT,DOCKER_HOST "$0" "$@"
fi
case ${1:-} in
  stop) stop; exit ;;
  '') ;;
  *) echo "usage: ./dev demo [stop]" >&2; exit 2 ;;
esac
PATH=$programs:$PATH
mkdir -p "$dir"
chmod 0700 "$dir"
for program in skerryd skerry skerry-agent; do
  [[ -x $programs/$program ]] || give_up "$programs/$program is not built; run ./dev demo"
done
find_docker
make_image
start_server
set_up_admin
enrol_site
start_agent
apply_stack
what_next
