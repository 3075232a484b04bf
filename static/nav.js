/* Small comforts: the current section is in view on a phone, and menus close when left. */
"use strict";

document.querySelector(".nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

const menus = () => document.querySelectorAll("details.menu[open]");

document.addEventListener("click", (event) => {
  for (const menu of menus()) if (!menu.contains(event.target)) menu.open = false;
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of menus()) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

/* When the session has ended, a part that asks again is answered with the sign-in page: go there. */
document.addEventListener("htmx:beforeSwap", (event) => {
  const answer = new URL(event.detail.xhr.responseURL || location.href, location.href);
  if (!answer.pathname.startsWith("/accounts/")) return;
  event.detail.shouldSwap = false;
  location.reload();
});
