// A list of contents is open where it stands beside the page, and folded where it would come first.
(function () {
  "use strict";
  const beside = matchMedia("(min-width: 60.01rem)");
  const fold = () => {
    for (const list of document.querySelectorAll("details.contents")) list.open = beside.matches;
  };
  beside.addEventListener("change", fold);
  fold();
})();
