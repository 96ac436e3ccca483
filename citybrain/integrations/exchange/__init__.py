"""Exchange with other tools: GMNS, GeoPackage, spreadsheets of plans, tables of counts."""
