#!/bin/bash
# Writes the most frequent words of the text "input" to "result" and says in report.json what became of it: the "top N
# words" task of the Azure Batch tutorial, for text of any size and in any language.
#
# Runs as an Azure Batch task in its working directory. Everything it needs to know is in environment variables, and
# no name that a user chose ever gets here: the files have fixed names.
#
#   TOP_WORDS_COUNT   how many words
#   AZ_BATCH_*_ID     node, task, job and pool, which Batch sets; they are the last lines of the result
#
# A word is a run of Unicode letters and digits, in lower case. Words of the same frequency are in the order of their
# code points, so the same text always gives the same result. A combining accent is no letter.
#
# stderr is the log. Exit status: 0 converted, 1 anything else; which of them is the "outcome" in report.json.
#
# The text may be larger than the memory (200 MB are enough for any text) and is read once:
#
#   1. Whatever the language, a word ends at an ASCII character that is neither a letter nor a digit. tr cuts the text
#      there, and awk counts equal pieces as they pass. This works on bytes, which is fast.
#   2. Only what is left of that, one line for each piece, is cut and lower-cased by the rules of Unicode, which is slow.
#   3. sort brings the counts of the same word together. What memory does not hold it keeps on the disk.

set -u -o pipefail
export LC_ALL=C # Bytes, and messages that can be recognised; utf8_locale is for the few commands that need Unicode.

top_words_count=${TOP_WORDS_COUNT:?is not set}
last_lines="Node: ${AZ_BATCH_NODE_ID:?is not set}
Task: ${AZ_BATCH_TASK_ID:?is not set}
Job:  ${AZ_BATCH_JOB_ID:?is not set}
Pool: ${AZ_BATCH_POOL_ID:?is not set}"

readonly MAX_PIECE_BYTES=1048576 # The longest word there can be: a piece must fit into memory a few times.
readonly MAX_TABLE_BYTES=8388608 # Holds the vocabulary of most texts; awk is slow with a larger one.
readonly SORT_MEMORY=64M

readonly NOT_TEXT=3 TOO_LONG=4 # Exit statuses of what reads the text.

outcome=Interrupted
result_bytes=null
words=null
distinct_words=null

main() {
  choose_tools
  log=$(mkdir -p scratch 2>&1) || finish "$(name_of_failure)" "There is no place for temporary files: $log"

  log=$({ count_pieces && "check_utf8_by_$tools" <scratch/unicode; } 2>&1)
  case $? in
    0) ;;
    "$NOT_TEXT") finish NotText "The file is not UTF-8 text: it is binary, or text in another encoding such as UTF-16 or Latin-1." ;;
    "$TOO_LONG") finish WordTooLong "The text has $MAX_PIECE_BYTES bytes without a blank, a line break or any other ASCII character that ends a word." ;;
    *) finish "$(name_of_failure)" "The words could not be counted: $log" ;;
  esac

  log=$(rank_words 2>&1) || finish "$(name_of_failure)" "The words could not be ranked: $log"
  IFS=$'\t' read -r words distinct_words <scratch/totals
  ((words > 0)) || finish EmptyText "The text has no words."

  log=$(write_result 2>&1) || finish "$(name_of_failure)" "The result could not be written: $log"
  result_bytes=$(($(wc -c <result)))
  finish Converted "The text has $words words, $distinct_words different ones."
}

# Sets tools and utf8_locale to what knows Unicode here: GNU sed (its tr works on bytes) or the tr of BSD and macOS (its
# sed has no lower case).
choose_tools() {
  local tool
  for tool in awk cat fold grep mkdir mv rm sed sort tr wc; do
    command -v "$tool" >/dev/null || finish NodeUnfit "The node has no $tool."
  done
  for utf8_locale in C.UTF-8 en_US.UTF-8; do
    for tools in gnu bsd; do
      tools_know_unicode 2>/dev/null && return
    done
  done
  finish NodeUnfit "The node has no UTF-8 locale (C.UTF-8 or en_US.UTF-8), or its sed and tr do not know Unicode."
}

tools_know_unicode() {
  [[ $(echo 'ÄÉ—Ж9' | "unicode_words_by_$tools") == 'äé ж9' ]] &&
    echo 'é' | "check_utf8_by_$tools" &&
    ! printf '\351\n' | "check_utf8_by_$tools"
}

unicode_words_by_gnu() { LC_ALL=$utf8_locale sed -E 's/[^[:alnum:]]+/ /g; s/.*/\L&/'; }
unicode_words_by_bsd() { LC_ALL=$utf8_locale tr -cs '[:alnum:]\n' ' ' | LC_ALL=$utf8_locale tr '[:upper:]' '[:lower:]'; }

# grep finds the lines that no pattern matches because they have bytes that are no characters, and fails with 1 if there
# are none.
check_utf8_by_gnu() {
  LC_ALL=$utf8_locale grep -axv '.*' >/dev/null && return $NOT_TEXT
  (($? == 1))
}
check_utf8_by_bsd() { LC_ALL=$utf8_locale tr a a >/dev/null || return $NOT_TEXT; }

# Writes "piece<TAB>count" to scratch/ascii, where the piece is a word, and to scratch/unicode, where that remains to be
# seen. The same piece can come more than once, because awk starts a new table when one is full.
#
# NUL, which is not text, becomes a byte that UTF-8 never has. fold keeps awk from reading a piece of any length.
count_pieces() {
  : >scratch/ascii && : >scratch/unicode &&
    tr '\000A-Z' '\377a-z' <input | tr -cs 'a-z0-9\200-\377' '\n' | fold -b -w $((MAX_PIECE_BYTES + 1)) |
    awk -v not_text=$NOT_TEXT -v too_long=$TOO_LONG \
      -v max_piece_bytes=$MAX_PIECE_BYTES -v max_table_bytes=$MAX_TABLE_BYTES '
      !count[$0]++ {
        if (/[\300\301\365-\377]/) { failure = not_text; exit }
        if (length($0) > max_piece_bytes) { failure = too_long; exit }
        table_bytes += length($0) + 100
        if (table_bytes > max_table_bytes) empty_table()
      }
      END {
        if (!failure) empty_table()
        exit failure
      }
      function empty_table(piece) {
        delete count[""] # A text that starts with a blank has it.
        for (piece in count)
          print piece "\t" count[piece] >(piece ~ /[\200-\377]/ ? "scratch/unicode" : "scratch/ascii")
        split("", count)
        table_bytes = 0
      }'
}

# Writes the most frequent words, "word<TAB>count" each, to scratch/top and "words<TAB>distinct words" to scratch/totals.
rank_words() {
  { cat scratch/ascii && words_of_unicode_pieces; } | sort_on_disk | add_up |
    sort_on_disk -t $'\t' -k 1,1nr -k 2 | awk -F '\t' -v n="$top_words_count" 'NR <= n { print $2 "\t" $1 }' >scratch/top
}

words_of_unicode_pieces() {
  "unicode_words_by_$tools" <scratch/unicode | awk '{ for (i = 1; i < NF; i++) print $i "\t" $NF }'
}

sort_on_disk() {
  sort -S $SORT_MEMORY -T scratch "$@"
}

# Turns "word<TAB>count", sorted, into "count<TAB>word" with each word once. Without the "" awk would compare 1e3 and
# 1000 as numbers, and find them equal.
add_up() {
  awk -F '\t' '
    $1 "" != word { next_word() }
    { count += $2 }
    END {
      next_word()
      printf "%.0f\t%.0f\n", words, distinct_words >"scratch/totals"
    }
    function next_word() {
      if (count) {
        print sprintf("%.0f", count) "\t" word
        words += count
        distinct_words++
      }
      word = $1 ""
      count = 0
    }'
}

write_result() {
  { cat scratch/top && printf '%s\n' ------------------------------ "$last_lines"; } >result.part && mv result.part result
}

# By the messages, because a tool that found the disk full may have made room since by removing its temporary files.
name_of_failure() {
  case $log in
    *'No space left on device'* | *'quota exceeded'*) echo DiskFull ;;
    *) echo CountFailed ;;
  esac
}

finish() {
  outcome=$1
  echo "$2" >&2
  [[ $outcome == Converted ]] && exit 0 || exit 1
}

# Also runs when the task is interrupted, so that there is always a report to upload. The input goes at once, because
# Batch keeps task directories for days and large texts fill the node's disk.
write_report() {
  rm -rf input result.part scratch
  printf '{"schemaVersion":1,"outcome":"%s","resultBytes":%s,"words":%s,"distinctWords":%s}\n' \
    "$outcome" "$result_bytes" "$words" "$distinct_words" >report.json
}
trap write_report EXIT
trap 'exit 1' TERM INT

main
