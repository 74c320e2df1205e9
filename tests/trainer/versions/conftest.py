from tests.trainer.versions.published import two

__all__ = ["two"]
