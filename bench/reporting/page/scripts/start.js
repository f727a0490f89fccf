startTables();
startLabels();
const hasGallery = data.samples.length > 0 && data.measures.length > 0;
byId("no-gallery").hidden = hasGallery;
byId("cases").hidden = !hasGallery;
if (hasGallery) {
  startGallery();
  startCases();
}
performance.mark("ready");
