// The address of a call's recording.

const ALLOWED = new Set(["http:", "https:", "file:"]);

/**
 * The address of `uri` at an offset, or null when it is not one that a link may
 * have: only http, https and files, given as an address or as a path.
 */
export function recordingAddress(uri, ms) {
  if (typeof uri !== "string" || uri.trim() === "") return null;
  let address;
  try {
    address = new URL(asAddress(uri.trim()), document.baseURI);
  } catch {
    return null;
  }
  if (!ALLOWED.has(address.protocol)) return null;
  if (typeof ms === "number" && ms > 0) address.hash = `t=${Math.floor(ms / 100) / 10}`;
  return address.href;
}

/** Paths, also those of Windows, as addresses; `#` and `?` belong to the name. */
function asAddress(uri) {
  const drive = /^[a-z]:[\\/]/i.test(uri);
  const share = uri.startsWith("\\\\");
  if (!drive && !share && /^[a-z][a-z0-9+.-]*:/i.test(uri)) return uri;
  const path = uri.replaceAll("\\", "/").replaceAll("#", "%23").replaceAll("?", "%3F");
  if (drive) return `file:///${path}`;
  return share ? `file:${path}` : path;
}
