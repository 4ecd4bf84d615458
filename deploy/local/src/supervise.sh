# Keeps one server, for an owner at the other end of standard input.
#
#   sh -c THIS sh GRACE REMOVE LOCK LOG COMMAND...
#
# When standard input ends (the owner closed it, or died in any way), the server gets SIGTERM, after
# GRACE seconds SIGKILL, and then the folder REMOVE goes with all REMOVE.*, if one is named.
# The word "keep" on standard input keeps REMOVE.
# Standard output tells the owner "pid N" and "exit CODE".
# Standard error is the lock file of the data, locked, and LOCK is its path. The server inherits it as
# descriptor 9, so the kernel frees the lock when the last process that could touch the data ends.
# Nothing here relies on any file still being there: the owner may have removed the whole folder.
grace=$1 remove=$2 lock=$3 log=$4
shift 4
exec 3<&0 </dev/null 9>&2 2>/dev/null
# Many connections need many files; a limit without bound makes mysqld reserve memory without bound.
ulimit -S -n 65536 || ulimit -S -n "$(ulimit -H -n)"

"$@" 3<&- >>"$log" 2>&1 &
pid=$!
echo "$pid" >&9
echo "pid $pid"

# USR1 tells the part below that the server has ended: its number may soon be another process's.
# Until that part listens, the signal must not end it.
trap '' USR1
(
    exec >/dev/null
    ended='' seen=''
    # Asking the kernel too: somebody may have killed the part that sends the signal.
    runs() { [ -z "$ended" ] && kill -s 0 "$pid"; }
    trap 'ended=1' USR1
    kill -s 0 "$pid" || ended=1 seen=1
    while :; do
        if read -r word <&3; then
            [ "$word" != keep ] || remove=
        elif [ "$ended" = "$seen" ]; then
            break
        else
            # No end of input: only woken by the signal.
            seen=$ended
        fi
    done
    if [ -z "$ended" ]; then
        [ "$grace" = 0 ] || kill -s TERM "$pid"
        # A paused server could not obey.
        kill -s CONT "$pid"
        tenths=0
        while runs && [ "$tenths" -lt $((grace * 10)) ]; do
            sleep 0.1
            tenths=$((tenths + 1))
        done
        runs && kill -s KILL "$pid"
    fi
    [ -n "$remove" ] || exit
    # The killed server may still be writing.
    while runs; do sleep 0.02; done
    rm -rf -- "$remove"
    for file in "$remove".*; do
        [ "$file" = "$lock" ] || rm -rf -- "$file"
    done
    # The locked file goes last, so that nobody starts here meanwhile.
    rm -f -- "$lock"
    # The last server of a folder takes the folder along.
    rmdir -- "${remove%/*}"
) &
keeper=$!

wait "$pid"
code=$?
echo ended >&9
kill -s USR1 "$keeper"
echo "exit $code"
wait "$keeper"
