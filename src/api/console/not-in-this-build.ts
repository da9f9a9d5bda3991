import { Sqlstate } from "../../proxy/protocol/sqlstate.ts";
import { ConsoleError } from "./console-error.ts";

/** 0A000 for a command that the service has no answer to. */
export function notInThisBuild(command: string): ConsoleError {
  return new ConsoleError(Sqlstate.FeatureNotSupported, `${command} is not available in this build`);
}
