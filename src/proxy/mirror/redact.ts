export function redactMessage(_sqlstate: string, _message: string): string { return ""; }
