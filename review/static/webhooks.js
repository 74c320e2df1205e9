// The page that answers a form: loading it again sends nothing again, and a secret can be copied.

history.replaceState(null, "", "/webhooks");

const copy = document.getElementById("copy");
if (copy && navigator.clipboard) { // which is there on https and on this machine alone
  copy.hidden = false;
  copy.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(document.getElementById("secret").textContent);
      copy.textContent = "Copied";
    } catch {
      copy.textContent = "Not copied: select it yourself";
    }
  });
}
