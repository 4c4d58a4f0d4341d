// A page of a search that goes on reloads itself, but not under the reader's hands, nor once nobody renews it.
let touched = Date.now();
for (const kind of ["pointermove", "pointerdown", "keydown", "scroll"])
  addEventListener(kind, () => { touched = Date.now(); }, { passive: true });
setInterval(() => {
  if (Date.now() - touched > 15000 && Date.now() - WRITTEN < 1800000) location.reload();
}, 5000);
