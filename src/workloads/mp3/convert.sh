#!/bin/bash
# Converts the audio of the MP4 "input" to the MP3 "result" and says in report.json what became of it.
#
# Runs as an Azure Batch task in its working directory. Everything it needs to know is in environment variables, and
# no name that a user chose ever gets here: the files have fixed names.
#
#   MP3_BITRATE_KBPS   bitrate of the MP3
#   AUDIO_LANGUAGE     preferred language (eng, fra, ...) where the file does not mark exactly one stream as default
#
# stdout carries the progress, one line per percent; stderr is ffmpeg's log. Exit status: 0 converted, 1 anything else;
# which of them is the "outcome" in report.json, because the exit statuses of ffmpeg differ between its versions.

set -u -o pipefail

bitrate_kbps=${MP3_BITRATE_KBPS:?is not set}
language=${AUDIO_LANGUAGE:-}

outcome=Interrupted
stream_index=null
channels=0
duration_us=0
ffmpeg_version=null
source_probe=null
result_probe=null
result_bytes=null

main() {
  command -v ffmpeg >/dev/null && command -v ffprobe >/dev/null || finish NodeUnfit
  ffmpeg_version=\"$(ffmpeg -version | sed -n '1s/^ffmpeg version \([A-Za-z0-9.:~+-]*\).*/\1/p')\"

  source_probe=$(probe_source) || { source_probe=null; finish UnreadableInput; }
  choose_audio_stream || finish NoAudioStream

  convert || finish "$(name_of_failure)"
  result_probe=$(probe_result) || { result_probe=null; finish FfmpegFailed; }
  result_bytes=$(($(wc -c <result)))
  finish Converted
}

# Only the MP4 demuxer and only local files: a playlist dressed as an MP4 must not make ffmpeg open anything else.
readonly safe_input=(-protocol_whitelist file -f mov -i file:input)

probe_source() {
  ffprobe -v error -print_format json \
    -show_entries format=format_name,duration:stream=index,codec_type,codec_name,sample_rate,channels,duration:stream_disposition=default:stream_tags=language \
    "${safe_input[@]}"
}

# Sets stream_index, channels and duration_us of the chosen stream: among those that the file marks as default (or
# among all, if it marks none) the first in the preferred language, else the first.
choose_audio_stream() {
  local streams stream
  streams=$(ffprobe -v error -select_streams a -print_format compact=print_section=0 \
    -show_entries stream=index,channels,duration:stream_disposition=default:stream_tags=language "${safe_input[@]}")
  streams=$(grep -F 'disposition:default=1' <<<"$streams" || echo "$streams")
  stream=$([[ -n $language ]] && grep -F -m 1 "tag:language=$language" <<<"$streams" || head -n 1 <<<"$streams")
  [[ $stream =~ index=([0-9]+) ]] || return
  stream_index=${BASH_REMATCH[1]}
  [[ $stream =~ channels=([0-9]+) ]] && channels=${BASH_REMATCH[1]}
  [[ $stream =~ duration=([0-9]+)\.([0-9]{6}) ]] && duration_us=$((10#${BASH_REMATCH[1]}${BASH_REMATCH[2]}))
  return 0
}

convert() {
  # An MP3 has one or two channels.
  local downmix=()
  ((channels > 2)) && downmix=(-ac 2)

  # Where the sound pauses, or its timestamps jump, silence keeps the MP3 as long as the video (async=1).
  # The container's own tags mean nothing in an MP3; the others (title, artist, album, ...) are kept.
  ffmpeg -nostdin -hide_banner -nostats -progress pipe:1 "${safe_input[@]}" \
    -map "0:$stream_index" -map_metadata 0 -map_chapters -1 \
    -metadata major_brand= -metadata minor_version= -metadata compatible_brands= \
    -af aresample=async=1 -c:a libmp3lame -b:a "${bitrate_kbps}k" ${downmix[@]+"${downmix[@]}"} -id3v2_version 3 -f mp3 -y result.part |
    print_percents &&
    mv result.part result
}

# Reduces ffmpeg's progress to at most 101 short lines, so that it can be read whole, and often, while the task runs.
print_percents() {
  local key value percent last=-1
  while IFS='=' read -r key value; do
    [[ $key == out_time_us && $value =~ ^[0-9]+$ ]] && ((duration_us > 0)) || continue
    percent=$((value * 100 / duration_us))
    ((percent > 100)) && percent=100
    ((percent > last)) && echo "percent=$percent" && last=$percent
  done
  return 0
}

probe_result() {
  ffprobe -v error -print_format json -show_entries format=duration,bit_rate:stream=codec_name,sample_rate,channels \
    -protocol_whitelist file -f mp3 file:result
}

name_of_failure() {
  if [[ $(df -Pk . | awk 'NR == 2 { print $4 }') -lt 1024 ]]; then echo DiskFull; else echo FfmpegFailed; fi
}

finish() {
  outcome=$1
  [[ $outcome == Converted ]] && exit 0 || exit 1
}

# Also runs when the task is interrupted, so that there is always a report to upload. The input goes at once, because
# Batch keeps task directories for days and large videos fill the node's disk.
write_report() {
  rm -f input result.part
  printf '{"schemaVersion":1,"outcome":"%s","resultBytes":%s,"ffmpegVersion":%s,"streamIndex":%s,"source":%s,"result":%s}\n' \
    "$outcome" "$result_bytes" "$ffmpeg_version" "$stream_index" "$source_probe" "$result_probe" >report.json
}
trap write_report EXIT
trap 'exit 1' TERM INT

main
