using Microsoft.OpenApi;

namespace Qkms.Api.Http;

/// <summary>
/// What a field looks like beyond its type, for the description of the API. It stands on the member, or on the member's type when many
/// members share it. For a list, lengths, bounds and words describe its items; for a map, its names and values.
/// </summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Parameter | AttributeTargets.Struct | AttributeTargets.Class)]
internal class FieldAttribute : Attribute
{
    /// <summary>The JSON type; needed only on types, because a member has one already.</summary>
    public JsonSchemaType Type { get; init; } = JsonSchemaType.String;

    /// <summary>The format of OpenAPI that goes with <see cref="Type"/>.</summary>
    public string? Format { get; init; }

    /// <summary>The regular expression that a text matches.</summary>
    public string? Pattern { get; init; }

    /// <summary>The shortest text, in characters.</summary>
    public int MinLength { get; init; }

    /// <summary>The longest text, in characters.</summary>
    public int MaxLength { get; init; } = int.MaxValue;

    /// <summary>The smallest number.</summary>
    public long Minimum { get; init; } = long.MinValue;

    /// <summary>The largest number.</summary>
    public long Maximum { get; init; } = long.MaxValue;

    /// <summary>The fewest items of a list.</summary>
    public int MinItems { get; init; }

    /// <summary>The most items of a list, or members of a map.</summary>
    public int MaxItems { get; init; } = int.MaxValue;

    /// <summary>Whether the values of a map may be null.</summary>
    public bool TakesNullValues { get; init; }

    /// <summary>The only texts that are valid.</summary>
    public string[]? Words { get; init; }

    /// <summary>The number that stands for an absent one.</summary>
    public object? Default { get; init; }

    /// <summary>A text or a whole number that the field may hold; JSON for a map.</summary>
    public object? Example { get; init; }
}
