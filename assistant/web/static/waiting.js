// @ts-check
/**
 * The page of a problem that passes: looks now and then for the page that was asked for, and shows it once it is there. The
 * page that is being read is left alone until then.
 */

const PAUSE_MS = 10_000;

async function look() {
  const response = await fetch(location.href, { method: "HEAD" }).catch(() => null);
  if (response && response.status < 500 && response.status !== 429) location.reload();
  else setTimeout(look, PAUSE_MS);
}

setTimeout(look, PAUSE_MS);
