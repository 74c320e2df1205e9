"""Question files → shards of Parquet → predictions as Parquet, on all cores of many machines."""
