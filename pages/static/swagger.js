// Starts Swagger UI on the page of pages/html.py, which names the OpenAPI document in a data attribute: the page's
// Content-Security-Policy allows no inline script to do it.
const place = document.getElementById("swagger-ui");

SwaggerUIBundle({
  domNode: place,
  url: place.dataset.openapiUrl,
  presets: [SwaggerUIBundle.presets.apis],
  layout: "BaseLayout",
  deepLinking: true,
  displayRequestDuration: true,
  // Credentials typed into "Authorize" go when the page goes.
  persistAuthorization: false,
  // Else a badge of an online validator would be asked for.
  validatorUrl: null,
});
