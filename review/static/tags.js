// A tag as sites write them, of what somebody has typed.
export function asTag(typed) {
  return typed.trim().toLowerCase().replace(/\s+/g, "-");
}
