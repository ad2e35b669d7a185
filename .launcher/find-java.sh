# Sourced by ./build and ./turnout: finds the home of a JDK 25 or newer, or says what to install.
# Starts no process: every start of the program passes here.

# Whether the java in home $1 is of feature release 25 or newer, by its release file.
is_java_25() {
  local line
  [ -x "$1/bin/java" ] && [ -r "$1/release" ] || return 1
  while IFS= read -r line; do
    if [[ $line =~ ^JAVA_VERSION=\"([0-9]+) ]]; then
      [ "${BASH_REMATCH[1]}" -ge 25 ]
      return
    fi
  done <"$1/release"
  return 1
}

# Sets JAVA_HOME.
find_java_home() {
  local home
  for home in "${TURNOUT_JAVA_HOME:-}" "${JAVA_HOME:-}" /usr/lib/jvm/*25* /usr/lib/jvm/* /opt/java/*; do
    if [ -n "$home" ] && is_java_25 "$home"; then
      export JAVA_HOME=$home
      return 0
    fi
  done
  echo "turnout: no JDK 25 found under JAVA_HOME, /usr/lib/jvm or /opt/java." >&2
  echo "turnout: install one (Eclipse Temurin 25: package temurin-25-jdk) or set JAVA_HOME to it." >&2
  return 1
}
