{% load static ui %}import { start } from "{% asset "field-worker.js" %}";
start({ name: "{{ build }}", shell: "{{ shell }}", assets: {% kept_assets "field.js" "field-style.css" "field-worker.js" %} });
