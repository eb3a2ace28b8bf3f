import "./activities/index.ts";
import "./orchestrations/convertBlob.ts";
