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
# which of them is the "outcome" in report.json, because the exit statuses of ffmpeg differ between its versions: some
# exit with 0 although the disk was full. What its log says is the same in all of them.

set -u -o pipefail
exec 3>&1 # For the progress, wherever stdout goes.

bitrate_kbps=${MP3_BITRATE_KBPS:?is not set}
language=${AUDIO_LANGUAGE:-}

readonly DISK_FULL=3            # Exit status of convert; ffmpeg has none like it.
readonly MAX_FRAME_BYTES=1441   # Of MPEG layer III.
readonly KILLED=137 STOPPED=255 # Of a program that was killed, and of an ffmpeg that was told to stop.

outcome=Interrupted
stream_index=null
channels=0
duration_us=0
ffprobe_version=null
source_probe=null
ffmpeg_facts='"ffmpegVersion":null,"decoding":null,"encoding":null'
result_bytes=null
result_edges=null

main() {
  local found status=0
  command -v ffmpeg >/dev/null && command -v ffprobe >/dev/null || finish NodeUnfit

  found=$(probe_source) || status=$?
  [[ $found =~ '"version": '(\"[A-Za-z0-9.:~+-]+) ]] && ffprobe_version=${BASH_REMATCH[1]}\"
  ((status == 0)) || fail $status UnreadableInput
  source_probe=$found
  choose_audio_stream || finish NoAudioStream

  found=$(convert) || status=$?
  ffmpeg_facts=${found:-$ffmpeg_facts}
  ((status == 0)) || fail $status FfmpegFailed

  read_result
  mv result.part result
  finish Converted
}

# Only the MP4 demuxer and only local files: a playlist dressed as an MP4 must not make ffmpeg open anything else.
readonly safe_input=(-protocol_whitelist file -f mov -i file:input)

# compact=1 puts the plain values of an audio stream on one line.
probe_source() {
  ffprobe -v error -print_format json=compact=1 -select_streams a \
    -show_entries program_version=version:format=duration:stream=index,codec_name,sample_rate,channels,start_time,duration,nb_frames:stream_disposition=default:stream_tags=language \
    "${safe_input[@]}"
}

# Sets stream_index, channels and duration_us of the chosen stream: among those that the file marks as default (or
# among all, if it marks none) the first in the preferred language, else the first.
choose_audio_stream() {
  local line stream rank=-1 chosen='' chosen_rank=-1 start_us
  while IFS= read -r line; do
    case $line in
      *'"index": '*) stream=$line rank=0 ;;
      *'"default": 1'*) ((rank += 2)) ;;
      *"\"language\": \"$language\""*) ((rank += 1)) ;;
    esac
    ((rank > chosen_rank)) && chosen=$stream chosen_rank=$rank
  done < <(printf '%s\n' "$source_probe") # bash keeps <<< in a file, and the disk may be full.

  [[ $chosen =~ '"index": '([0-9]+) ]] || return
  stream_index=${BASH_REMATCH[1]}
  [[ $chosen =~ '"channels": '([0-9]+) ]] && channels=${BASH_REMATCH[1]}
  duration_us=$(microseconds duration "$chosen")
  start_us=$(microseconds start_time "$chosen")
  # That of fragments, which are not counted, is the time at which they end.
  [[ $chosen != *'"nb_frames"'* ]] && ((start_us < duration_us)) && ((duration_us -= start_us))
  return 0
}

microseconds() {
  [[ $2 =~ \"$1'": "'([0-9]+)\.([0-9]{6})\" ]] && echo $((10#${BASH_REMATCH[1]}${BASH_REMATCH[2]})) || echo 0
}

# Writes what ffmpeg says that it read and wrote to stdout, as members of a JSON object.
convert() {
  # An MP3 has one or two channels.
  local downmix=()
  ((channels > 2)) && downmix=(-ac 2)

  # Where the sound pauses, or its timestamps jump, silence keeps the MP3 as long as the video (async=1).
  # The container's own tags mean nothing in an MP3; the others (title, artist, album, ...) are kept.
  {
    ffmpeg -nostdin -loglevel level+verbose -nostats -progress pipe:1 "${safe_input[@]}" \
      -map "0:$stream_index" -map_metadata 0 -map_chapters -1 \
      -metadata major_brand= -metadata minor_version= -metadata compatible_brands= \
      -af aresample=async=1 -c:a libmp3lame -b:a "${bitrate_kbps}k" ${downmix[@]+"${downmix[@]}"} -id3v2_version 3 -f mp3 -y result.part \
      2>&4 | print_percents >&3
  } 4>&1 | read_log
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

# Passes ffmpeg's log on to stderr without what only the script wants to know, and writes that to stdout. By the log,
# because when ffmpeg has ended, others may have made room on the disk.
read_log() {
  local line level message
  local version=null packets=null frames=null filled=0 dropped=0 muxed_packets=null muxed_bytes=null
  local is_disk_full=false is_cut_off=false
  # "[aac @ 0x55d0] [error] message". The level tells messages from what the tags of the video say.
  local log_line='^(\[[^]]+ @ [^]]+\] )*\[([a-z]+)\] (.*)$'
  local read='\(audio\): ([0-9]+) packets read .* ([0-9]+) frames decoded'
  local written='\(audio\): .* ([0-9]+) packets muxed \(([0-9]+) bytes\)'

  while IFS= read -r line || [[ -n $line ]]; do
    level='' message=''
    [[ $line =~ $log_line ]] && level=${BASH_REMATCH[2]} message=${BASH_REMATCH[3]}
    case $level in
      verbose)
        [[ $message =~ $read ]] && packets=${BASH_REMATCH[1]} frames=${BASH_REMATCH[2]}
        [[ $message =~ $written ]] && muxed_packets=${BASH_REMATCH[1]} muxed_bytes=${BASH_REMATCH[2]}
        [[ $message =~ ^adding' '([0-9]+)' audio samples of silence' ]] && ((filled += BASH_REMATCH[1]))
        [[ $message =~ ^discarding' '([0-9]+)' audio samples' ]] && ((dropped += BASH_REMATCH[1]))
        continue
        ;;
      info) [[ $message =~ ^ffmpeg' version '([A-Za-z0-9.:~+-]+) ]] && version=\"${BASH_REMATCH[1]}\" ;;
      fatal | error | warning)
        case $message in
          *'No space left on device'* | *'quota exceeded'*) is_disk_full=true ;;
          *': partial file' | *'corrupt input packet in stream'*) is_cut_off=true ;;
        esac
        ;;
    esac
    printf '%s\n' "${line/\[info\] /}" >&2
  done

  printf '"ffmpegVersion":%s,"decoding":{"packets":%s,"frames":%s,"filledSamples":%d,"droppedSamples":%d,"isCutOff":%s},' \
    "$version" "$packets" "$frames" "$filled" "$dropped" "$is_cut_off"
  printf '"encoding":{"packets":%s,"bytes":%s}' "$muxed_packets" "$muxed_bytes"
  [[ $is_disk_full == false ]] || return $DISK_FULL
}

# Sets result_bytes and result_edges: how long the ID3 tag is, where the sound begins, and how the file ends. What they
# say of the MP3 is for the app to judge.
read_result() {
  local id3_bytes=0 last=0
  result_bytes=$(($(wc -c <result.part)))
  # "ID3", two bytes of version, one of flags, and the size of the rest in four times seven bits.
  set -- $(od -An -v -tu1 -N 10 result.part)
  [[ $# == 10 && "$1 $2 $3" == '73 68 51' ]] && ((id3_bytes = 10 + ($7 << 21) + ($8 << 14) + ($9 << 7) + ${10}))
  ((result_bytes > MAX_FRAME_BYTES)) && ((last = result_bytes - MAX_FRAME_BYTES))
  result_edges="{\"id3Bytes\":$id3_bytes,\"firstBytes\":\"$(hex $id3_bytes 64)\",\"lastBytes\":\"$(hex $last $MAX_FRAME_BYTES)\"}"
}

# Bytes of the result, from an offset on. Their lines and spaces go when the shell splits them into words.
hex() {
  printf '%s' $(od -An -v -tx1 -j "$1" -N "$2" result.part)
}

# Ends with the outcome of a program that has failed with an exit status. If it was not left to finish, that says
# nothing about the video.
fail() {
  case $1 in
    "$DISK_FULL") finish DiskFull ;;
    "$KILLED" | "$STOPPED") finish Interrupted ;;
    *) finish "$2" ;;
  esac
}

finish() {
  outcome=$1
  [[ $outcome == Converted ]] && exit 0 || exit 1
}

# Also runs when the task is interrupted, so that there is always a report to upload. The input goes at once, because
# Batch keeps task directories for days and large videos fill the node's disk, which may have no room for the report.
write_report() {
  rm -f input result.part
  printf '{"schemaVersion":1,"outcome":"%s","resultBytes":%s,"ffprobeVersion":%s,"streamIndex":%s,"source":%s,%s,"resultEdges":%s}\n' \
    "$outcome" "$result_bytes" "$ffprobe_version" "$stream_index" "$source_probe" "$ffmpeg_facts" "$result_edges" >report.json
}
trap write_report EXIT
trap 'exit 1' TERM INT

main
