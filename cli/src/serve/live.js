// Keeps the list current: the page works without it, by loading itself again.
const list = document.getElementById("requests");
const events = new EventSource("/-/events");
events.onmessage = async () => {
  const answer = await fetch("/", { headers: { Accept: "text/html" } });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const focused = document.activeElement?.getAttribute("href");
  list.replaceChildren(...page.getElementById("requests").childNodes);
  if (focused) {
    list.querySelector(`a[href="${CSS.escape(focused)}"]`)?.focus();
  }
};
