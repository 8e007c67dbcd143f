#!/usr/bin/env bash
# Train with several processes: one for each GPU of this machine.
#
# usage: bash tools/dist_train.sh CONFIG GPUS [options of tools/train.py]
#
#   bash tools/dist_train.sh configs/hirl/my_config.py 8 --amp
#
# Several machines run the same command, with these variables set:
#
#   NNODES        number of machines (1)
#   NODE_RANK     number of this machine, from 0 (0)
#   MASTER_ADDR   address of machine 0 (127.0.0.1)
#   PORT          a free port of machine 0 (29500)
#   PYTHON        the Python to use (python)
set -euo pipefail

usage() { sed -n '2,/^set /{/^#/s/^# \{0,1\}//p;}' "$0"; }

case ${1-} in
-h | --help)
    usage
    exit
    ;;
esac
if [ $# -lt 2 ]; then
    usage >&2
    exit 2
fi
config=$1
gpus=$2
shift 2

exec "${PYTHON:-python}" -m torch.distributed.run \
    --nnodes="${NNODES:-1}" \
    --node_rank="${NODE_RANK:-0}" \
    --master_addr="${MASTER_ADDR:-127.0.0.1}" \
    --master_port="${PORT:-29500}" \
    --nproc_per_node="$gpus" \
    "$(dirname "$0")/train.py" "$config" --launcher pytorch "$@"
