using FluentValidation;
using FluentValidation.Results;

namespace Qkms.Api.Http;

/// <summary>Checks a request with its validator before the handler sees it.</summary>
internal static class Validation
{
    /// <summary>Stands for the body where no single field is to blame.</summary>
    public const string BodyField = "(body)";

    /// <summary>Adds the check; a missing body is refused here too.</summary>
    public static RouteHandlerBuilder WithValidation<TRequest, TValidator>(this RouteHandlerBuilder route)
        where TRequest : class
        where TValidator : IValidator<TRequest>, new() =>
        route.WithMetadata(QueryNames.Of(typeof(TRequest))).AddEndpointFilter((context, next) =>
        {
            TRequest request = Find<TRequest>(context.Arguments) ?? throw NoBody();

            Check(Made<TValidator>.Validator.Value, request);
            return next(context);
        });

    /// <summary>The same for a body that may be absent.</summary>
    public static RouteHandlerBuilder WithOptionalValidation<TRequest, TValidator>(this RouteHandlerBuilder route)
        where TRequest : class
        where TValidator : IValidator<TRequest>, new() =>
        route.AddEndpointFilter((context, next) =>
        {
            if (Find<TRequest>(context.Arguments) is { } request)
                Check(Made<TValidator>.Validator.Value, request);

            return next(context);
        });

    /// <summary>The refusal of a body that is absent or the word <c>null</c>.</summary>
    public static KmsException NoBody() =>
        KmsErrors.Invalid.With("The body must be a JSON object.", new FieldError(BodyField, "must be a JSON object"));

    // With the first request that needs it: a start that makes all forty compiles their rules, of which the first request needs one's.
    private static class Made<TValidator>
        where TValidator : new()
    {
        public static Lazy<TValidator> Validator { get; } = new(() => new TValidator());
    }

    private static TRequest? Find<TRequest>(IList<object?> arguments)
        where TRequest : class
    {
        foreach (object? argument in arguments)
        {
            if (argument is TRequest request)
                return request;
        }

        return null;
    }

    private static void Check<TRequest>(IValidator<TRequest> validator, TRequest request)
    {
        ValidationResult result = validator.Validate(request);
        if (!result.IsValid)
            throw Refuse(result);
    }

    private static KmsException Refuse(ValidationResult result)
    {
        FieldError[] details = [.. result.Errors.Select(e => new FieldError(e.PropertyName, e.ErrorMessage))];
        string first = $"'{details[0].Field}' {details[0].Message}";
        return KmsErrors.Invalid.With(
            details.Length == 1 ? $"{first}." : $"{first}. Other fields are not valid either: see the details.", details);
    }
}
