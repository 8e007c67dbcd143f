#!/usr/bin/env bash
# Train on a Slurm cluster: one task for each GPU.
#
# usage: bash tools/slurm_train.sh [--requeue] PARTITION JOB_NAME CONFIG
#            [options of tools/train.py]
#
#   GPUS=16 bash tools/slurm_train.sh gpu my_job configs/hirl/my_config.py
#
# An empty PARTITION ('') takes the default one of the cluster.
#
# With --requeue Slurm sends SIGUSR1 before the time of the job is over. At
# this signal, or SIGTERM when the job is preempted, the training saves a
# checkpoint and exits with status 75, and then goes on from it: in a batch
# job (sbatch) by "scontrol requeue", otherwise in a new job of srun. For a
# batch job give the signal to sbatch: --requeue --signal=USR1@120.
#
# Variables:
#
#   GPUS            GPUs of the job (8)
#   GPUS_PER_NODE   GPUs of one machine (8, or GPUS if that is less)
#   CPUS_PER_TASK   CPU cores of one task (5)
#   SIGNAL_SECONDS  how long before the end the signal comes (120)
#   SRUN_ARGS       more options of srun, separated by spaces
#   PYTHON          the Python to use (python)
set -euo pipefail

usage() { sed -n '2,/^set /{/^#/s/^# \{0,1\}//p;}' "$0"; }

case ${1-} in
-h | --help)
    usage
    exit
    ;;
esac
requeue=
if [ "${1-}" = --requeue ]; then
    requeue=1
    shift
fi
if [ $# -lt 3 ]; then
    usage >&2
    exit 2
fi
partition=$1
job_name=$2
config=$3
shift 3

gpus=${GPUS:-8}
gpus_per_node=${GPUS_PER_NODE:-$((gpus < 8 ? gpus : 8))}
options=(
    --job-name="$job_name"
    --gres="gpu:$gpus_per_node"
    --ntasks="$gpus"
    --ntasks-per-node="$gpus_per_node"
    --cpus-per-task="${CPUS_PER_TASK:-5}"
    --kill-on-bad-exit=1
)
[ -z "$partition" ] || options+=(--partition="$partition")
[ -z "$requeue" ] || options+=(--signal="USR1@${SIGNAL_SECONDS:-120}")
read -r -a more <<<"${SRUN_ARGS-}"

command=(
    srun "${options[@]}" ${more[@]+"${more[@]}"}
    "${PYTHON:-python}" -u "$(dirname "$0")/train.py" "$config"
    --launcher slurm
)
[ -n "$requeue" ] || exec "${command[@]}" "$@"

# Options of a start that goes on, whatever the first start began with.
resumed=()
for word in "$@"; do
    [ "$word" = --overwrite ] || resumed+=("$word")
done
resumed+=(--resume)

# Slurm counts how often it has requeued a batch job.
[ "${SLURM_RESTART_COUNT:-0}" = 0 ] || set -- "${resumed[@]}"
while true; do
    status=0
    "${command[@]}" "$@" || status=$?
    [ "$status" = 75 ] || exit "$status"
    if [ -n "${SLURM_JOB_ID-}" ]; then
        exec scontrol requeue "$SLURM_JOB_ID"
    fi
    set -- "${resumed[@]}"
done
