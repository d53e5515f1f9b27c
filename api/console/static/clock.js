// The server's clock, ms: counted on from its last word by this machine's steady clock, so that a correction of the
// screen's own clock (a battery that is empty, then NTP) moves nothing that is shown.
let zero = null, last = 0;

export const serverNow = () => (zero === null ? Date.now() : zero + performance.now());

// What says what is so at this moment sets it, even back.
export function set(at) {
  zero = at - performance.now();
  last = at;
}

// An event may have waited: only a later instant than the last one tells anything.
export function follow(at) {
  if (at > last) set(at);
}
