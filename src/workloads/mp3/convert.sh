#!/bin/bash
# Converts the audio of the MP4 "input" to the MP3 "result" and says in report.json what became of it.
#
# Runs as an Azure Batch task in its working directory. Everything it needs to know is in environment variables, and
# no name that a user chose ever gets here: the files have fixed names. A file "cover" is the picture for the MP3, else
# it is the one that is attached to the video.
#
#   MP3_BITRATE_KBPS     constant bitrate of the MP3
#   MP3_QUALITY          variable bitrate instead, from 0 (best) to 9
#   MP3_MONO             "true": one channel
#   MP3_LOUDNESS_LUFS    how loud the MP3 is to be, by EBU R 128: -16, for instance
#   AUDIO_LANGUAGE       preferred language (eng, fra, ...) where the file does not mark exactly one stream as default
#   TRIM_START_SECONDS   what the video plays before is left out; at most three decimals
#   TRIM_END_SECONDS     and what it plays after
#
# All but the first may be empty.
#
# stdout carries the progress, one line per percent; stderr is ffmpeg's log. Exit status: 0 converted, 1 anything else;
# which of them is the "outcome" in report.json, because the exit statuses of ffmpeg differ between its versions: some
# exit with 0 although the disk was full. What its log says is the same in all of them.

set -u -f -o pipefail
exec 3>&1 # For the progress, wherever stdout goes.

bitrate_kbps=${MP3_BITRATE_KBPS:?is not set}
quality=${MP3_QUALITY:-}
mono=${MP3_MONO:-}
loudness_lufs=${MP3_LOUDNESS_LUFS:-}
language=${AUDIO_LANGUAGE:-}
trim_start=${TRIM_START_SECONDS:-}
trim_end=${TRIM_END_SECONDS:-}

readonly DISK_FULL=3              # Exit status of run_ffmpeg; ffmpeg has none like it.
readonly KILLED=137 STOPPED=255   # Of a program that was killed, and of an ffmpeg that was told to stop.
readonly MAX_COVER_BYTES=10485760 # 10 MiB
readonly MAX_COVER_PIXELS=50000000
readonly MAX_CHAPTERS=255     # Of the table of contents in an ID3 tag.
readonly MAX_PEAK_DBTP=-1     # As EBU R 128 has it.
readonly MAX_FRAME_BYTES=1441 # Of MPEG audio, layer III.
readonly MAX_SAMPLE_RATE=48000
readonly HEAD_BYTES=1024 # Of the MP3. Only a tag with a picture, or with much text, is longer.

main() {
  command -v ffmpeg >/dev/null && command -v ffprobe >/dev/null || finish NodeUnfit

  probe_source
  choose_streams || finish NoAudioStream
  choose_part || finish NothingLeft
  choose_channels
  choose_cover

  [[ -z $loudness_lufs ]] || measure_loudness
  convert
  read_result
  mv result.part result
  finish Converted
}

# --- What is in the video ---------------------------------------------------------------------------------------------

ffprobe_version=null
source_probe=null

# Only the MP4 demuxer and only local files: a playlist dressed as an MP4 must not make ffmpeg open anything else.
readonly safe_input=(-protocol_whitelist file -f mov -i file:input)

# compact=1 puts the plain values of a stream on one line, and those of each of its lists on a line below.
probe_source() {
  local probe status=0
  probe=$(ffprobe -v error -print_format json=compact=1 \
    -show_entries program_version=version:format=start_time,duration:chapter=id,start_time,end_time:stream=index,codec_name,codec_type,sample_rate,channels,start_time,duration,nb_frames:stream_disposition=default,attached_pic:stream_tags=language \
    "${safe_input[@]}") || status=$?
  [[ $probe =~ '"version": '(\"[A-Za-z0-9.:~+-]+) ]] && ffprobe_version=${BASH_REMATCH[1]}\"
  ((status == 0)) || fail $status UnreadableInput
  source_probe=$probe
}

stream_index=null  # Of the sound.
stream_language='' # Empty: not known.
channels=0
sample_rate=0
sound_start_us=0 # When the video begins to play it.
sound_us=0       # How long it is; 0: not known.
picture_index='' # Of the attached picture.
chapter_count=0

# Among the audio streams that the file marks as default (or among all, if it marks none) the first in the preferred
# language, else the first. Fails where there is none.
choose_streams() {
  local line stream='' rank=-1 chosen='' chosen_rank=-1 file=''
  local picture='"index": ([0-9]+), "codec_name": "(mjpeg|png)"'
  local IFS=$'\n'
  for line in $source_probe; do
    case $line in
      *'"index": '*) stream=$line rank=0 ;;
      *'"disposition": '* | *'"tags": '*) ;; # Of that stream.
      *'{ "id": '*) ((chapter_count += 1)) && continue ;;
      *'"format": '*) file=$line && continue ;;
      *) continue ;;
    esac
    [[ $line == *'"default": 1'* ]] && ((rank += 2))
    [[ $line == *"\"language\": \"$language\""* ]] && ((rank += 1))
    if [[ $stream == *'"codec_type": "audio"'* ]] && ((rank > chosen_rank)); then
      chosen=$stream chosen_rank=$rank stream_language=''
    fi
    [[ $stream == "$chosen" && $line =~ '"language": "'([a-z]{3})\" ]] && stream_language=${BASH_REMATCH[1]}
    [[ $line == *'"attached_pic": 1'* && $stream =~ $picture ]] && picture_index=${picture_index:-${BASH_REMATCH[1]}}
  done

  [[ $chosen =~ '"index": '([0-9]+) ]] || return
  stream_index=${BASH_REMATCH[1]}
  [[ $chosen =~ '"channels": '([0-9]+) ]] && channels=${BASH_REMATCH[1]}
  [[ $chosen =~ '"sample_rate": "'([0-9]+) ]] && sample_rate=${BASH_REMATCH[1]}
  read_times "$chosen" "$file"
}

# Sets sound_start_us and sound_us by what ffprobe says of the stream and of the file.
read_times() {
  local start_us file_start_us
  microseconds start_us '"start_time": "' "$1"
  microseconds file_start_us '"start_time": "' "$2"
  microseconds sound_us '"duration": "' "$1"
  ((start_us > file_start_us)) && sound_start_us=$((start_us - file_start_us))
  # That of fragments, which are not counted, is the time at which they end.
  [[ $1 != *'"nb_frames"'* ]] && ((start_us < sound_us)) && ((sound_us -= start_us))
  return 0
}

# Sets the variable $1 to the seconds that follow $2 in $3, in microseconds; to 0 where there are none.
microseconds() {
  local fraction
  if [[ $3 =~ $2([0-9]+)(\.([0-9]+))? ]]; then
    fraction=${BASH_REMATCH[3]}000000
    printf -v "$1" %d $((10#${BASH_REMATCH[1]} * 1000000 + 10#${fraction:0:6}))
  else
    printf -v "$1" 0
  fi
}

# --- Which part of it is converted ------------------------------------------------------------------------------------

begin_us=0    # When the video plays its beginning.
part_us=0     # How long it is; 0 or less: not known.
part_input=() # Options of ffmpeg before and after its input.
part_output=()
filters=aresample=async=1 # Where the sound pauses, or its timestamps jump, silence keeps the MP3 as long as the video.

# Makes the time at which the part begins 0, for the chapters, too. What comes before is read all the same: to seek is
# not exact in every MP4, and the first sound after it is not quite that of the video. Fails where nothing is left.
choose_part() {
  local start_us end_us length_us
  microseconds start_us ^ "$trim_start"
  microseconds end_us ^ "$trim_end"

  begin_us=$sound_start_us
  # The filter that fills pauses stands between those that trim: the part may begin or end in a pause.
  ((start_us > sound_start_us)) && begin_us=$start_us filters=atrim=start=0,$filters:first_pts=0
  ((begin_us > 0)) && part_input=(-itsoffset "-$(seconds $begin_us)")
  ((sound_us > 0)) && part_us=$((sound_start_us + sound_us - begin_us))
  if [[ -n $trim_end ]]; then
    length_us=$((end_us - begin_us))
    ((length_us > 0)) || return
    ((sound_us == 0 || length_us < part_us)) && part_us=$length_us
    part_output=(-t "$(seconds $length_us)")
    filters+=,atrim=end=${part_output[1]}
  fi
  return 0
}

seconds() {
  printf '%d.%06d' $(($1 / 1000000)) $(($1 % 1000000))
}

choose_channels() {
  if [[ $mono == true ]]; then
    filters+=,aformat=channel_layouts=mono
  elif ((channels > 2)); then # An MP3 has at most two.
    filters+=,aformat=channel_layouts=stereo
  fi
}

# --- Which picture it gets --------------------------------------------------------------------------------------------

cover=null # "file" or "video".
bad_covers=
cover_input=()
cover_output=()

# A picture that is damaged, or larger than anybody would want, is left out: the sound matters more.
choose_cover() {
  local format='' begin
  if [[ -f cover ]]; then
    hex begin 0 4 cover
    case $begin in
      ffd8ff*) format=jpeg_pipe ;;
      89504e47) format=png_pipe ;;
    esac
    cover_input=(-protocol_whitelist file -f "$format" -i file:cover)
    [[ -n $format ]] && is_sound_picture "${cover_input[@]}" && use_cover file 1:v:0 && return
    cover_input=() bad_covers='"file"'
  fi
  [[ -n $picture_index ]] || return
  is_sound_picture "${safe_input[@]}" -map "0:$picture_index" && use_cover video "0:$picture_index" && return
  bad_covers+=${bad_covers:+,}\"video\"
}

use_cover() {
  cover=\"$1\"
  cover_output=(-map "$2" -c:v copy -disposition:v attached_pic -metadata:s:v 'comment=Cover (front)')
}

# Whether ffmpeg can decode all of it.
is_sound_picture() {
  local log decoded='\(video\): [0-9]+ packets read \(([0-9]+) bytes\); 1 frames decoded'
  log=$(ffmpeg -nostdin -hide_banner -loglevel verbose -max_pixels $MAX_COVER_PIXELS -err_detect explode "$@" \
    -frames:v 1 -f null - 2>&1) && [[ $log =~ $decoded ]] && ((BASH_REMATCH[1] <= MAX_COVER_BYTES)) && return
  printf '%s\n' "$log" >&2
  return 1
}

# --- The conversion ---------------------------------------------------------------------------------------------------

ffmpeg_facts='"ffmpegVersion":null,"decoding":null,"encoding":null,"loudness":null'
first_percent=0 # Of the next run of ffmpeg.
last_percent=100

# Adds to the filters what makes the sound as loud as it should be: a gain, or where its peaks leave no room for that,
# a compressor. Sound that is too quiet or too short to be measured stays as it is.
measure_loudness() {
  local loudnorm="loudnorm=I=$loudness_lufs:TP=$MAX_PEAK_DBTP:LRA=20:print_format=json" integrated range
  # loudnorm may work at 192 kHz. What is filled and dropped before it is counted in samples of the MP3 all the same.
  local hz=$((sample_rate > MAX_SAMPLE_RATE ? MAX_SAMPLE_RATE : sample_rate))
  ((hz > 0)) && filters+=,aformat=sample_rates=$hz
  last_percent=49
  run_ffmpeg -map "0:$stream_index" -af "$filters,$loudnorm" ${part_output[@]+"${part_output[@]}"} -f null -
  first_percent=50 last_percent=100

  integrated=$(measured input_i) range=$(measured input_lra)
  [[ $integrated =~ ^-?[0-9]+\. ]] && ((${integrated%.*} > -70)) || return 0
  # The filter takes no measure above 0, and ignores all of them if the range is 0.
  [[ $integrated == -* ]] || integrated=0
  [[ $range == 0.00 ]] && range=0.01
  loudnorm+=:linear=true:measured_I=$integrated:measured_LRA=$range:measured_TP=$(measured input_tp)
  loudnorm+=:measured_thresh=$(measured input_thresh):offset=$(measured target_offset)
  filters+=,$loudnorm,aresample=$hz
}

measured() {
  [[ $ffmpeg_facts =~ \"$1'" : "'([0-9.inf-]+) ]] && echo "${BASH_REMATCH[1]}"
}

convert() {
  local rate=(-b:a "${bitrate_kbps}k") tags=(-metadata major_brand= -metadata minor_version= -metadata compatible_brands=)
  [[ -n $quality ]] && rate=(-q:a "$quality")
  # The container's own tags mean nothing in an MP3; the others (title, artist, date, ...) are kept.
  [[ -n $stream_language && $stream_language != und ]] && tags+=(-metadata "language=$stream_language")
  tags+=(-map_metadata 0 -map_chapters $((chapter_count > MAX_CHAPTERS ? -1 : 0)) -id3v2_version 3)

  run_ffmpeg ${cover_input[@]+"${cover_input[@]}"} -map "0:$stream_index" ${cover_output[@]+"${cover_output[@]}"} \
    -af "$filters" -c:a libmp3lame "${rate[@]}" "${tags[@]}" ${part_output[@]+"${part_output[@]}"} -f mp3 -y result.part
  # Where there should be sound, it is the file that lacks it.
  if [[ -n $trim_start && $ffmpeg_facts == *'"encoding":{"packets":0,'* ]]; then
    ((sound_us > 0 && begin_us < sound_start_us + sound_us)) || finish NothingLeft
  fi
}

# Runs it on the part of the video that is converted, with these options of its output, and sets ffmpeg_facts to what
# it says that it read and wrote, as members of a JSON object.
run_ffmpeg() {
  local facts status=0
  facts=$(
    {
      ffmpeg -nostdin -loglevel level+verbose -nostats -progress pipe:1 \
        ${part_input[@]+"${part_input[@]}"} "${safe_input[@]}" "$@" 2>&4 | print_percents >&3
    } 4>&1 | read_log
  ) || status=$?
  ffmpeg_facts=${facts:-$ffmpeg_facts}
  ((status == 0)) || fail $status FfmpegFailed
}

# Reduces ffmpeg's progress to at most 101 short lines, so that it can be read whole, and often, while the task runs.
print_percents() {
  local key value percent last=-1
  while IFS='=' read -r key value; do
    [[ $key == out_time_us && $value =~ ^[0-9]+$ ]] && ((part_us > 0)) || continue
    percent=$((first_percent + value * (last_percent - first_percent) / part_us))
    ((percent > last_percent)) && percent=$last_percent
    ((percent > last)) && echo "percent=$percent" && last=$percent
  done
  return 0
}

# Passes ffmpeg's log on to stderr without what only the script wants to know, and writes that to stdout. By the log,
# because when ffmpeg has ended, others may have made room on the disk.
read_log() {
  local line level message
  local version=null packets=null frames=null filled=0 dropped=0 muxed_packets=null muxed_bytes=null loudness=
  local is_disk_full=false is_cut_off=false
  # "[aac @ 0x55d0] [error] message". The level tells messages from what the tags of the video say. An expression costs as
  # much as ten patterns, so it comes where a pattern has found something.
  local log_line='^(\[[^]]+ @ [^]]+\] )*\[([a-z]+)\] (.*)$'
  local read='\(audio\): ([0-9]+) packets read .* ([0-9]+) frames decoded'
  local written='\(audio\): .* ([0-9]+) packets muxed \(([0-9]+) bytes\)'
  local loudness_line='^[[:space:]]+"[a-z_]+" : "[a-z0-9.+-]+",?$'

  while IFS= read -r line || [[ -n $line ]]; do
    level='' message=''
    case $line in
      '[info] '*) level=info message=${line:7} ;;
      '[verbose] '*) level=verbose message=${line:10} ;;
      '['*) [[ $line =~ $log_line ]] && level=${BASH_REMATCH[2]} message=${BASH_REMATCH[3]} ;;
    esac
    case $level in
      verbose)
        case $message in
          *'(audio): '*' packets read '*)
            [[ $message =~ $read ]] && packets=${BASH_REMATCH[1]} frames=${BASH_REMATCH[2]}
            ;;
          *'(audio): '*' packets muxed '*)
            [[ $message =~ $written ]] && muxed_packets=${BASH_REMATCH[1]} muxed_bytes=${BASH_REMATCH[2]}
            ;;
          'adding '*) [[ $message =~ ^adding' '([0-9]+)' audio samples of silence' ]] && ((filled += BASH_REMATCH[1])) ;;
          'discarding '*) [[ $message =~ ^discarding' '([0-9]+)' audio samples' ]] && ((dropped += BASH_REMATCH[1])) ;;
        esac
        continue
        ;;
      info)
        [[ $version == null && $message =~ ^ffmpeg' version '([A-Za-z0-9.:~+-]+) ]] && version=\"${BASH_REMATCH[1]}\"
        ;;
      fatal | error | warning)
        case $message in
          *'No space left on device'* | *'quota exceeded'*) is_disk_full=true ;;
          *': partial file' | *'corrupt input packet in stream'*) is_cut_off=true ;;
        esac
        ;;
      '') [[ $line =~ $loudness_line ]] && loudness+=$line ;;
    esac
    printf '%s\n' "${line/\[info\] /}"
  done >&2

  printf '"ffmpegVersion":%s,"decoding":{"packets":%s,"frames":%s,"filledSamples":%d,"droppedSamples":%d,"isCutOff":%s},' \
    "$version" "$packets" "$frames" "$filled" "$dropped" "$is_cut_off"
  printf '"encoding":{"packets":%s,"bytes":%s},"loudness":{%s}' "$muxed_packets" "$muxed_bytes" "$loudness"
  [[ $is_disk_full == false ]] || return $DISK_FULL
}

# --- The result -------------------------------------------------------------------------------------------------------

result_bytes=null
result_edges=null

# How long the ID3 tag is, where the sound begins, and how the file ends. What that says of the MP3 is for the app to
# judge.
read_result() {
  local ends head first last id3_bytes=0 last_at=0
  result_bytes=$(($(wc -c <result.part)))
  ((result_bytes > MAX_FRAME_BYTES)) && ((last_at = result_bytes - MAX_FRAME_BYTES))
  # Every program that is started counts where the video is short: one reads the end of the file, and on in the file
  # from its beginning.
  hex ends $last_at $((result_bytes - last_at + HEAD_BYTES)) result.part result.part
  last=${ends:0:2 * (result_bytes - last_at)} head=${ends:2 * (result_bytes - last_at)}
  # "ID3", two bytes of version, one of flags, and the size of the rest in four times seven bits.
  if [[ ${#head} -ge 20 && $head == 494433* ]]; then
    ((id3_bytes = 10 + (16#${head:12:2} << 21) + (16#${head:14:2} << 14) + (16#${head:16:2} << 7) + 16#${head:18:2}))
  fi
  first=${head:2 * id3_bytes:128}
  # Behind a picture, or much text.
  ((id3_bytes + 64 > HEAD_BYTES)) && hex first $id3_bytes 64 result.part
  result_edges="{\"id3Bytes\":$id3_bytes,\"firstBytes\":\"$first\",\"lastBytes\":\"$last\"}"
}

# Sets the variable $1 to $3 bytes of the files that follow, as if they were one, from offset $2 on.
hex() {
  local bytes LC_ALL=C # Where characters can have several bytes, what follows takes five times as long.
  bytes=$(od -An -v -tx1 -j "$2" -N "$3" "${@:4}")
  bytes=${bytes//$'\n'/}
  printf -v "$1" %s "${bytes// /}"
}

# --- The end ----------------------------------------------------------------------------------------------------------

outcome=Interrupted

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
  rm -f input cover result.part
  {
    printf '{"schemaVersion":1,"outcome":"%s","resultBytes":%s,"resultEdges":%s,' "$outcome" "$result_bytes" "$result_edges"
    printf '"ffprobeVersion":%s,"streamIndex":%s,"source":%s,' "$ffprobe_version" "$stream_index" "$source_probe"
    printf '"cover":%s,"badCovers":[%s],' "$cover" "$bad_covers"
    printf '"trimStart":%s,"trimEnd":%s,"loudnessTarget":%s,' "${trim_start:-null}" "${trim_end:-null}" "${loudness_lufs:-null}"
    printf '%s}\n' "$ffmpeg_facts"
  } >report.json
}
trap write_report EXIT
trap 'exit 1' TERM INT

main
