#!/usr/bin/env bash
# Train on a Slurm cluster: one task for each GPU.
#
# usage: bash tools/slurm_train.sh PARTITION JOB_NAME CONFIG
#            [options of tools/train.py]
#
#   GPUS=16 bash tools/slurm_train.sh gpu my_job configs/hirl/my_config.py
#
# An empty PARTITION ('') takes the default one of the cluster. Variables:
#
#   GPUS            GPUs of the job (8)
#   GPUS_PER_NODE   GPUs of one machine (8, or GPUS if that is less)
#   CPUS_PER_TASK   CPU cores of one task (5)
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
read -r -a more <<<"${SRUN_ARGS-}"

exec srun "${options[@]}" ${more[@]+"${more[@]}"} \
    "${PYTHON:-python}" -u "$(dirname "$0")/train.py" "$config" \
    --launcher slurm "$@"
