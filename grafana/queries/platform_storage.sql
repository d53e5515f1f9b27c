SELECT table_name AS name, bytes AS value FROM grafana.storage ORDER BY bytes DESC
