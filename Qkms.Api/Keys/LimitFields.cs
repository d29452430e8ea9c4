using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.OpenApi;
using Qkms.Core.Keys;

namespace Qkms.Api.Keys;

/// <summary>The members by which requests set limits. A struct of its own each, because null is not absent there.</summary>
internal interface IKeyLimitFields
{
    UsesMember SoftUsageLimit { get; }

    UsesMember MaxUsageLimit { get; }

    TimeMember SoftLimitExpiration { get; }

    TimeMember ExpiresAt { get; }

    TimeMember ProcessUntil { get; }

    FlagMember AutoRotate { get; }

    DaysMember RotationPeriod { get; }
}

/// <summary>Reads those members after the request was read. What they mean together is judged beside the limits that there are.</summary>
internal static class LimitFields
{
    public static KeyLimitChanges ToLimitChanges(this IKeyLimitFields fields) => new()
    {
        SoftUsageLimit = fields.SoftUsageLimit.Given,
        MaxUsageLimit = fields.MaxUsageLimit.Given,
        SoftLimitExpiration = fields.SoftLimitExpiration.Given,
        ExpiresAt = fields.ExpiresAt.Given,
        ProcessUntil = fields.ProcessUntil.Given,
        AutoRotate = fields.AutoRotate.Given,
        RotationPeriod = fields.RotationPeriod.Given,
    };
}

/// <summary>The texts that describe those members, wherever they stand.</summary>
internal static class LimitTexts
{
    public const string SoftUsageLimit = "The number of uses from which on responses warn; at most max_usage_limit.";

    public const string MaxUsageLimit = "The most uses. After them the version is expired; verification goes on.";

    public const string SoftLimitExpiration = "The time from which on responses warn; not after expires_at.";

    public const string ExpiresAt = "When the version expires: it no longer encrypts or signs; decryption and verification go on.";

    public const string ProcessUntil = "When decryption and verification end too. Needs expires_at, and is not before it.";

    public const string AutoRotate = "Whether the key is rotated when a soft limit is reached. Default: false.";

    public const string RotationPeriod = "How often the key is rotated, in days; it belongs to the key and stays when the key is rotated.";
}

/// <summary>A number of uses in a request.</summary>
[UsesField]
[JsonConverter(typeof(UsesConverter))]
internal readonly record struct UsesMember(Given<long> Given);

/// <summary>A time in a request.</summary>
[Field(Type = JsonSchemaType.String | JsonSchemaType.Null, Format = "date-time", Example = "2036-01-02T03:04:05.678Z")]
[JsonConverter(typeof(TimeConverter))]
internal readonly record struct TimeMember(Given<DateTimeOffset> Given);

/// <summary>A switch in a request.</summary>
[Field(Type = JsonSchemaType.Boolean | JsonSchemaType.Null)]
[JsonConverter(typeof(FlagConverter))]
internal readonly record struct FlagMember(Given<bool> Given);

/// <summary>A number of days in a request.</summary>
[DaysField]
[JsonConverter(typeof(DaysConverter))]
internal readonly record struct DaysMember(Given<TimeSpan> Given);

/// <summary>A number of uses.</summary>
internal sealed class UsesFieldAttribute : FieldAttribute
{
    public UsesFieldAttribute()
    {
        (Type, Format) = (JsonSchemaType.Integer | JsonSchemaType.Null, "int64");
        (Minimum, Maximum, Example) = (1, KeyLimits.MostUses, 1000);
    }
}

/// <summary>A number of days.</summary>
internal sealed class DaysFieldAttribute : FieldAttribute
{
    public DaysFieldAttribute()
    {
        (Type, Format) = (JsonSchemaType.Integer | JsonSchemaType.Null, "int32");
        (Minimum, Maximum, Example) = (1, KeyLimits.MostPeriodDays, 90);
    }
}

/// <summary>Reads such members: null is a value.</summary>
internal abstract class GivenConverter<TMember, T> : JsonConverter<TMember>
    where T : struct
{
    public sealed override bool HandleNull => true;

    public sealed override TMember Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        Make(new Given<T>(true, reader.TokenType == JsonTokenType.Null ? null : ReadValue(ref reader, options)));

    // An absent member is left out, so that what is written here is always given.
    public sealed override void Write(Utf8JsonWriter writer, TMember value, JsonSerializerOptions options)
    {
        if (ValueOf(value) is { } given)
            WriteValue(writer, given, options);
        else
            writer.WriteNullValue();
    }

    protected abstract TMember Make(Given<T> given);

    protected abstract T? ValueOf(TMember member);

    protected abstract T ReadValue(ref Utf8JsonReader reader, JsonSerializerOptions options);

    protected abstract void WriteValue(Utf8JsonWriter writer, T value, JsonSerializerOptions options);

    protected static long ReadWholeNumber(ref Utf8JsonReader reader, long most) =>
        reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out long number) && number >= 1 && number <= most
            ? number
            : throw new JsonProblemException($"must be null or a whole number from 1 to {most}");
}

internal sealed class UsesConverter : GivenConverter<UsesMember, long>
{
    protected override UsesMember Make(Given<long> given) => new(given);

    protected override long? ValueOf(UsesMember member) => member.Given.Value;

    protected override long ReadValue(ref Utf8JsonReader reader, JsonSerializerOptions options) =>
        ReadWholeNumber(ref reader, KeyLimits.MostUses);

    protected override void WriteValue(Utf8JsonWriter writer, long value, JsonSerializerOptions options) => writer.WriteNumberValue(value);
}

internal sealed class TimeConverter : GivenConverter<TimeMember, DateTimeOffset>
{
    private static readonly UtcConverter _utc = new();

    protected override TimeMember Make(Given<DateTimeOffset> given) => new(given);

    protected override DateTimeOffset? ValueOf(TimeMember member) => member.Given.Value;

    protected override DateTimeOffset ReadValue(ref Utf8JsonReader reader, JsonSerializerOptions options) =>
        _utc.Read(ref reader, typeof(DateTimeOffset), options);

    protected override void WriteValue(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) =>
        _utc.Write(writer, value, options);
}

internal sealed class FlagConverter : GivenConverter<FlagMember, bool>
{
    protected override FlagMember Make(Given<bool> given) => new(given);

    protected override bool? ValueOf(FlagMember member) => member.Given.Value;

    protected override bool ReadValue(ref Utf8JsonReader reader, JsonSerializerOptions options) =>
        reader.TokenType is JsonTokenType.True or JsonTokenType.False
            ? reader.GetBoolean()
            : throw new JsonProblemException("must be null, true or false");

    protected override void WriteValue(Utf8JsonWriter writer, bool value, JsonSerializerOptions options) => writer.WriteBooleanValue(value);
}

internal sealed class DaysConverter : GivenConverter<DaysMember, TimeSpan>
{
    protected override DaysMember Make(Given<TimeSpan> given) => new(given);

    protected override TimeSpan? ValueOf(DaysMember member) => member.Given.Value;

    protected override TimeSpan ReadValue(ref Utf8JsonReader reader, JsonSerializerOptions options) =>
        TimeSpan.FromDays(ReadWholeNumber(ref reader, KeyLimits.MostPeriodDays));

    protected override void WriteValue(Utf8JsonWriter writer, TimeSpan value, JsonSerializerOptions options) =>
        writer.WriteNumberValue((long)value.TotalDays);
}
