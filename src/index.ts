import "./activities/index.ts";
import "./orchestrations/convertVideo.ts";
