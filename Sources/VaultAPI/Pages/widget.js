/* Keystow's connect popup, for the pages of your app. Load it from your vault:

     <script src="https://vault.example/connect.js"></script>

   Your server makes a connect session in answer to a request of a signed-in user (POST /v1/connect/sessions, with the
   `origin` of this page) and hands its `token` to this page. Then, inside a click (else the browser blocks the popup):

     const popup = Keystow.connect({
       token,                                      // kst_con_…
       locale: "de",                               // optional; else the session's, else the browser's
       onSuccess({ sessionId, key }) { … },        // once, when a key is stored; key: {id, provider, hint}
       onError({ code }) { … },                    // popup_blocked; or why a key was refused, and session_expired: the
                                                   // popup stays open and says so, and the user may try again
       onClose() { … },                            // once, last, when the window is gone, for whatever reason
     });
     popup.close(); popup.focus();

   After a success the window stays until the user closes it, so that its last screen can be read; call popup.close() to
   close it at once. A second call while a popup is open brings that one to the front; with
   another token the popup goes there, the first call's onClose is called, and what comes then is told to the second. Your page must not send
   `Cross-Origin-Opener-Policy: same-origin`, which severs it from the popup; `same-origin-allow-popups` is fine.

   onSuccess is news for the page, not proof: anyone can run scripts in their own browser. Let your server ask
   GET /v1/connect/sessions/{id} whether the session is `completed` and for whom, before it counts on the key. */
(() => {
  "use strict";
  const source = document.currentScript && document.currentScript.src;
  if (!source) throw new Error("Keystow: load connect.js with <script src>, not as a module");
  const origin = new URL(source).origin;
  const base = new URL(".", source).href;
  let open = null;

  function place() {
    if (Math.min(screen.width, screen.height) < 600) return "";
    const width = Math.min(520, screen.availWidth), height = Math.min(820, screen.availHeight);
    const left = Math.round(window.screenX + Math.max(0, window.outerWidth - width) / 2);
    const top = Math.round(window.screenY + Math.max(0, window.outerHeight - height) / 2);
    return `popup,width=${width},height=${height},left=${left},top=${top}`;
  }

  function connect({ token, locale, ...callbacks } = {}) {
    if (typeof token !== "string" || !token) throw new TypeError("Keystow.connect: token is missing");
    const wish = locale ? `&locale=${encodeURIComponent(locale)}` : "";
    const url = `${base}connect/popup#${token}${wish}`;
    if (open && !open.popup.closed) {
      if (open.url !== url) {
        // Another link takes the place of the one that the popup has: the earlier may be good for nothing any more.
        const { onClose } = open.callbacks;
        Object.assign(open, { url, callbacks });
        open.popup.location.href = url;
        onClose?.();
      }
      open.popup.focus();
      return open.handle;
    }
    const popup = window.open(url, "_blank", place());
    if (!popup) {
      callbacks.onError?.({ code: "popup_blocked" });
      callbacks.onClose?.();
      return { close() {}, focus() {} };
    }
    const handle = { close: () => popup.close(), focus: () => popup.focus() };
    const mine = (open = { popup, url, callbacks, handle });
    let stored = "";
    const hear = (event) => {
      if (event.origin !== origin || event.source !== popup || !event.data) return;
      const { type, session_id: sessionId, key, code } = event.data;
      if (type === "keystow:success" && stored !== sessionId) {
        stored = sessionId;
        mine.callbacks.onSuccess?.({ sessionId, key });
      } else if (type === "keystow:error") {
        mine.callbacks.onError?.({ code });
      }
    };
    window.addEventListener("message", hear);
    const watch = setInterval(() => {
      if (!popup.closed) return;
      clearInterval(watch);
      // What the popup said last may still be on its way.
      setTimeout(() => {
        window.removeEventListener("message", hear);
        if (open === mine) open = null;
        mine.callbacks.onClose?.();
      }, 0);
    }, 300);
    return handle;
  }

  window.Keystow = Object.freeze({ connect });
})();
