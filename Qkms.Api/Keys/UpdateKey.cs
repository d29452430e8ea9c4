using System.ComponentModel;
using System.Text.Json;
using System.Text.Json.Serialization;
using FluentValidation;
using Microsoft.AspNetCore.Mvc;
using Microsoft.OpenApi;
using Qkms.Api.Fields;
using Qkms.Api.Idempotency;
using Qkms.Core.Idempotency;
using Qkms.Core.Installation;
using Qkms.Core.Keys;
using Qkms.Core.Lifecycle;

namespace Qkms.Api.Keys;

internal sealed record UpdateKeyRequest(
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault), Description(LimitTexts.SoftUsageLimit)]
    UsesMember SoftUsageLimit,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault), Description(LimitTexts.MaxUsageLimit)]
    UsesMember MaxUsageLimit,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault), Description(LimitTexts.SoftLimitExpiration)]
    TimeMember SoftLimitExpiration,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault), Description(LimitTexts.ExpiresAt)]
    TimeMember ExpiresAt,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault), Description(LimitTexts.ProcessUntil)]
    TimeMember ProcessUntil,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault), Description(LimitTexts.AutoRotate)]
    FlagMember AutoRotate,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault), Description(LimitTexts.RotationPeriod)]
    DaysMember RotationPeriod,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    [property: Description(
        "Your own words about the version, by name. A value replaces or adds one, null removes it; null for the map, all.")]
    LabelsMember Labels) : IKeyLimitFields;

internal sealed class UpdateKeyRequestValidator : AbstractValidator<UpdateKeyRequest>
{
    public UpdateKeyRequestValidator() => RuleFor(r => r.Labels).Custom((labels, context) =>
    {
        if (labels.Problem is { } problem)
            context.AddFailure(problem);
    });
}

internal sealed record UpdateKeyQuery(
    [property: FromRoute(Name = "key"), KidOrNumberField, ParameterExample(DemoKeys.CipherKid)]
    [property: Description("The kid of the version; not its number.")]
    string Key);

internal static class UpdateKey
{
    public const string MediaType = "application/merge-patch+json";

    public static void MapUpdateKey(this RouteGroupBuilder keys) =>
        keys.MapPatch("/{key}", HandleAsync)
            .WithName("UpdateKey")
            .WithSummary("Changes the limits and labels of a key version by a merge patch (RFC 7396): null removes a limit.")
            .WithDescription(
                "What the request does not name stays. Raising a limit brings an expired version back. 'rotation_period' is changed for "
                + "the whole key, and counts from now on.")
            .WithRequestExample("""{"soft_usage_limit":900000,"max_usage_limit":1000000,"labels":{"team":"orders"}}""")
            .WithMetadata(new BodyType(MediaType))
            .WithValidation<UpdateKeyRequest, UpdateKeyRequestValidator>()
            .Refuses(KmsErrors.KeyVersionNotFound, KmsErrors.KeyRevoked, KmsErrors.KeyDestroyed, KmsErrors.OutcomeUnknown)
            .WithIdempotencyKey();

    private static async Task<Reply<KeyVersionResponse>> HandleAsync(
        [AsParameters] UpdateKeyQuery query,
        UpdateKeyRequest request,
        Caller caller,
        KeyUpdate update,
        HttpContext http,
        CancellationToken cancellationToken)
    {
        RepeatableRequest? repeatable = IdempotencyKeys.RequestOf(http, caller, request);
        UpdateKeyCommand command = new(KeyPath.ToKid(query.Key), request.ToLimitChanges(), request.Labels.Changes);
        Done<KeyVersion> done = await update.ChangeAsync(caller, command, repeatable, cancellationToken);
        IdempotencyKeys.MarkRepeated(http, done);
        return Reply.Ok(KeyVersionResponse.From(done.Result, spelling: null, done.At));
    }
}

/// <summary>Labels in a request.</summary>
/// <param name="Changes">What it changes of them.</param>
/// <param name="Problem">What the map must be or have; null when it is one.</param>
[Field(
    Type = JsonSchemaType.Object | JsonSchemaType.Null,
    MaxItems = KeyLabels.MostLabels,
    MaxLength = KeyLabels.MaxLength,
    TakesNullValues = true,
    Example = """{"team":"orders"}""")]
[JsonConverter(typeof(LabelsConverter))]
internal readonly record struct LabelsMember(LabelChanges Changes, string? Problem);

/// <summary>Reads such members: null is a value, of the map and of each label.</summary>
internal sealed class LabelsConverter : JsonConverter<LabelsMember>
{
    private static readonly string _rule =
        $"must be null or a map of at most {KeyLabels.MostLabels} strings or nulls; names have 1 to {KeyLabels.MaxLength} characters, "
        + $"values at most {KeyLabels.MaxLength}";

    public override bool HandleNull => true;

    public override LabelsMember Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType == JsonTokenType.Null)
            return new LabelsMember(new LabelChanges(true, null), null);

        if (reader.TokenType != JsonTokenType.StartObject)
            throw new JsonProblemException(_rule);

        Dictionary<string, string?> labels = [];
        bool isFit = true;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string name = reader.GetString()!;
            reader.Read();
            if (labels.Count == KeyLabels.MostLabels || reader.TokenType is not (JsonTokenType.String or JsonTokenType.Null))
                throw new JsonProblemException(_rule);

            string? value = reader.GetString();
            isFit &= name.Length > 0 && IsFit(name) && IsFit(value ?? "");
            if (!labels.TryAdd(name, value))
                throw new JsonProblemException("must have no name twice");
        }

        return new LabelsMember(new LabelChanges(true, labels), isFit ? null : _rule);
    }

    public override void Write(Utf8JsonWriter writer, LabelsMember value, JsonSerializerOptions options)
    {
        if (value.Changes.Patch is not { } labels)
        {
            writer.WriteNullValue();
            return;
        }

        writer.WriteStartObject();
        foreach ((string name, string? label) in labels.OrderBy(label => label.Key, StringComparer.Ordinal))
            writer.WriteString(name, label);

        writer.WriteEndObject();
    }

    private static bool IsFit(string text) => text.EnumerateRunes().Count() <= KeyLabels.MaxLength;
}
