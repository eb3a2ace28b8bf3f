import type { Workload } from "../workload.ts";
import { BITRATES_KBPS, LANGUAGE, MP3_OPTIONS } from "./options.ts";
import { reviewReport } from "./review.ts";

/** The sound of an MP4 as an MP3. */
export const mp3: Workload = {
  name: "mp3",
  takes: "MP4 videos",
  suffixes: [".mp4"],
  // The last `4` becomes `3` and nothing else changes, so no two videos ever share an MP3.
  resultNameFor: (videoName) => `${videoName.slice(0, -1)}3`,
  resultType: "audio/mpeg",
  script: new URL("./convert.sh", import.meta.url),
  nodeNeeds: { check: "ffmpeg -version && ffprobe -version", packages: ["ffmpeg"] },

  environment(settings) {
    const language = settings.optional("AUDIO_LANGUAGE") ?? "";
    if (language !== "" && !LANGUAGE.test(language)) {
      settings.problem(
        `AUDIO_LANGUAGE must be three lower-case letters as in ISO 639-2, for example eng, not "${language}"`,
      );
    }
    return {
      MP3_BITRATE_KBPS: settings.oneOf("MP3_BITRATE_KBPS", BITRATES_KBPS),
      MP3_QUALITY: "",
      MP3_MONO: "",
      AUDIO_LANGUAGE: language,
      MP3_LOUDNESS_LUFS: "",
      TRIM_START_SECONDS: "",
      TRIM_END_SECONDS: "",
    };
  },

  options: MP3_OPTIONS,
  companion: { stem: "cover", suffixes: [".jpg", ".jpeg", ".png"], maxBytes: 10 * 1024 ** 2 },

  failures: {
    NoAudioStream: {
      message: "The video has no audio stream",
      hint: "Upload a video that has sound.",
    },
    UnreadableInput: {
      message: "The file is not a readable MP4: it is empty, damaged, cut off or in another format",
      hint: "Check that it plays, and upload it again. The log says what ffprobe found.",
    },
    NothingLeft: {
      message: "The video has no sound in the part that was to be converted",
      hint: "Check the start and the end that were chosen for it against the times of the video.",
    },
    FfmpegFailed: {
      message: "ffmpeg could not convert the audio",
      hint: "The log says why; the audio may be damaged.",
    },
    OutputMismatch: {
      message: "The MP3 lacks some of the audio of the video",
      hint: "The video is probably cut off or damaged: check that it plays to its end, and upload it again.",
    },
  },

  review: reviewReport,
};
