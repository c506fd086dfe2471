"""Settings of every command: flags over environment over file over defaults."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, ClassVar, get_args, get_origin

from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from maskmesh.services.runtime.errors import InvalidInputError, NotFoundError

CONFIG_VARIABLE = "MASKMESH_CONFIG"


class CommandSettings(BaseSettings):
    """Base of the settings of one command.

    A field `scale_factor` of a class with section "location" is set, strongest first, by the flag
    --scale-factor, the variable MASKMESH_LOCATION_SCALE_FACTOR, or `scale_factor` in the table
    [location] of the TOML file that the variable MASKMESH_CONFIG names. A list is a repeated flag,
    a TOML array, and in a variable a JSON array or its items between commas.
    """

    section: ClassVar[str] = ""

    model_config = SettingsConfigDict(
        extra="ignore",
        cli_kebab_case=True,
        cli_implicit_flags=True,
        cli_avoid_json=True,
        cli_hide_none_type=True,
    )

    def __init_subclass__(cls, section: str | None = None, **kwargs: object) -> None:
        """Derive the prefix of the environment variables from the section's name."""
        if section is not None:
            cls.section = section
            cls.model_config = SettingsConfigDict(
                **{**cls.model_config, "env_prefix": f"MASKMESH_{section.upper()}_"}
            )
        super().__init_subclass__()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the library's signature
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Put the section of the TOML file, if one is named, below the environment."""
        sources: list[PydanticBaseSettingsSource] = [init_settings, Environment(settings_cls)]
        named = os.environ.get(CONFIG_VARIABLE)
        if named:
            if not Path(named).is_file():
                raise NotFoundError(f"{CONFIG_VARIABLE} names {named}, which is no file")
            sources.append(TomlSection(settings_cls, Path(named), cls.section))
        return tuple(sources)


class Environment(EnvSettingsSource):
    """Environment variables as a source of settings; lists need no JSON."""

    def decode_complex_value(self, field_name: str, field: FieldInfo, value: Any) -> Any:
        """Return what a variable says of a field that is no plain value."""
        if _is_list(field.annotation) and not value.lstrip().startswith("["):
            return [item for item in map(str.strip, value.split(",")) if item]
        return super().decode_complex_value(field_name, field, value)


def _is_list(annotation: Any) -> bool:
    kinds = (annotation, *get_args(annotation))
    return any(get_origin(kind) in (list, tuple) for kind in kinds)


class TomlSection(TomlConfigSettingsSource):
    """One table of a TOML file as a source of settings."""

    def __init__(self, settings_cls: type[BaseSettings], file: Path, section: str) -> None:
        self._section = section
        self._file = file
        try:
            super().__init__(settings_cls, file)
        except (ValueError, OSError) as error:
            raise InvalidInputError(
                f"{CONFIG_VARIABLE} names {file}, which cannot be read as TOML: {error}"
            ) from error

    def __call__(self) -> dict[str, Any]:
        """Return the section's settings; none if the file has no such section.

        Raises:
            InvalidInputError: The section is no table, or has a key that is no setting.
        """
        table = super().__call__().get(self._section, {})
        if not isinstance(table, dict):
            raise InvalidInputError(f"{self._file}: {self._section} must be a table of settings")
        known = set(self.settings_cls.model_fields)
        unknown = sorted(set(table) - known)
        if unknown:
            raise InvalidInputError(
                f"{self._file}: [{self._section}] has no setting {', '.join(unknown)}; "
                f"it has {', '.join(sorted(known))}"
            )
        return dict(table)
