using System.Text.Json;

namespace Qkms.Api.Logging;

/// <summary>The state of an entry that is logged so often that its text is not worth making: in JSON its members say it all.</summary>
internal interface IJsonLogState
{
    /// <summary>What the entry tells of, the same for all of its kind.</summary>
    string Title { get; }

    /// <summary>Writes its members into the object that is open.</summary>
    void WriteMembers(Utf8JsonWriter json);
}
