// A page that waits for what is being counted looks again by itself.

const PAUSE_MS = 1000;

setTimeout(() => location.reload(), PAUSE_MS);
