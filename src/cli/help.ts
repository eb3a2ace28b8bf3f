import { EXIT_CODES_HELP } from "../local/kit/commandLine/exitCodes.ts";

export const HELP = `mp3drop: an MP4 in, a verified MP3 out, through Azure Functions and Azure Batch

Examples
  mp3drop convert video.mp4             video.mp3 appears beside it
  mp3drop convert talks/ --out mp3s/    every MP4 below talks, same folders below mp3s
  mp3drop local                         run the whole system here; drop MP4s with Azure Storage Explorer

Commands
  convert FILE|DIR...   convert files and fetch the results
  local                 run storage, Batch and Functions on this machine until Ctrl-C
  doctor                look at everything that has to be right, here or in Azure, and say what to do
  batch-emulator        run the Batch emulator alone

Options
  --help, -h            this text; after a command, the command's
  --version             the version

${EXIT_CODES_HELP}`;
