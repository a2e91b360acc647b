// Times as text: 0:42, 1:00:00, 42.5.

export function showTime(seconds) {
  const tenths = Math.round(seconds * 10);
  const rest = tenths % 600, minutes = (tenths - rest) / 600;
  const text = rest % 10 ? (rest / 10).toFixed(1) : String(rest / 10);
  return `${minutes}:${rest < 100 ? "0" : ""}${text}`;
}

// Returns seconds; throws an error that names the field.
export function readTime(text, name) {
  const parts = text.trim().split(":").map((part) => (part.trim() === "" ? NaN : Number(part)));
  const seconds = parts.reduce((sum, part) => 60 * sum + part, 0);
  if (!Number.isFinite(seconds)) throw new Error(`${name} must be a time such as 0:42, not "${text}".`);
  return seconds;
}
