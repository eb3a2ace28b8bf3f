import "./activities/index.ts";
import "./orchestrations/convertBlob.ts";
import "./orchestrations/tellEnd.ts";
