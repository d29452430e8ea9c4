using System.Text.Json;

namespace Qkms.Api.Logging;

/// <summary>The state of an entry that is logged too often to format its text: in JSON its members are enough.</summary>
internal interface IJsonLogState
{
    /// <summary>The message, the same for all entries of this kind.</summary>
    string Title { get; }

    /// <summary>Writes its members into the object that is open.</summary>
    void WriteMembers(Utf8JsonWriter json);
}
