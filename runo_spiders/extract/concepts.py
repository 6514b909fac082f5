"""A table of what schemas ask for: names that mean the same, and where schema.org and meta tags keep it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from runo_spiders.page.entity import fold

Path: TypeAlias = tuple[str, ...]
"""Folded property names, one step into a nested entity each."""


@dataclass(frozen=True, slots=True)
class Concept:
    """One thing that schemas ask for.

    `names` are what fields and JSON keys call it, `paths` where schema.org keeps it (best first), `tags` the
    meta tags that carry it. A `common` concept is found on entities of every kind, so that it says nothing
    about what an entity is; a value of an `is_link` concept is a URL.
    """

    names: frozenset[str]
    paths: tuple[Path, ...]
    tags: tuple[str, ...] = ()
    common: bool = False
    is_link: bool = False


def words(text: str) -> frozenset[str]:
    """A table's cell of words."""
    return frozenset(text.split())


def _concept(
    names: str, paths: str = "", tags: str = "", common: bool = False, is_link: bool = False
) -> Concept:
    folded = dict.fromkeys(fold(name) for name in names.split())
    steps = [tuple(map(fold, path.split("."))) for path in paths.split()]
    known = {path[0] for path in steps if len(path) == 1}
    steps += [(name,) for name in folded if name not in known]
    return Concept(frozenset(folded), tuple(steps), tuple(tags.split()), common, is_link)


CONCEPTS = (
    # every kind of page
    _concept(
        "name title headline productName itemName displayName heading",
        "headline name title alternativeHeadline",
        "og:title twitter:title dc.title dcterms.title title",
        common=True,
    ),
    _concept(
        "description summary abstract excerpt teaser dek subtitle standfirst shortDescription longDescription"
        " metaDescription overview synopsis lead",
        "description abstract",
        "og:description description twitter:description dc.description dcterms.description",
        common=True,
    ),
    _concept(
        "image images imageUrl imageUrls picture pictures photo photos thumbnail thumbnailUrl mainImage"
        " mainImageUrl leadImage leadImageUrl leadImg heroImage coverImage primaryImage featuredImage",
        "image.url image.contentUrl image primaryImageOfPage.url primaryImageOfPage.contentUrl thumbnailUrl",
        "og:image og:image:url og:image:secure_url twitter:image twitter:image:src thumbnail",
        common=True,
        is_link=True,
    ),
    _concept(
        "url link canonicalUrl canonical permalink pageUrl productUrl sourceUrl",
        "url mainEntityOfPage",
        "canonical og:url",
        common=True,
        is_link=True,
    ),
    _concept("language lang inLanguage locale", "inLanguage", "og:locale language", common=True),
    _concept("keywords tags topics subjects", "keywords", "keywords news_keywords article:tag", common=True),
    _concept("siteName website sourceName", "publisher.name", "og:site_name application-name", common=True),
    _concept("country countryCode", "address.addressCountry.name address.addressCountry", common=True),
    # products and offers
    _concept(
        "price currentPrice salePrice sellingPrice finalPrice actualPrice offerPrice unitPrice priceValue"
        " cost amount displayPrice askingPrice listingPrice rent priceString priceFloat priceText",
        "offers.price offers.lowPrice offers.priceSpecification.price offers.offers.price"
        " offers.offers.priceSpecification.price offers.priceSpecification.minPrice hasVariant.offers.price"
        " mainEntity.offers.price lowPrice priceSpecification.price price.value price.amount price.current",
        "product:sale_price:amount product:price:amount og:price:amount product:price twitter:price price"
        " label:price label:preis label:prix label:precio label:prezzo",
    ),
    _concept("lowPrice minPrice priceFrom", "offers.lowPrice"),
    _concept("highPrice maxPrice priceTo", "offers.highPrice"),
    _concept(
        "listPrice oldPrice regularPrice originalPrice rrp msrp wasPrice strikePrice",
        "offers.priceSpecification.listPrice",
        "product:original_price:amount",
    ),
    _concept(
        "currency priceCurrency currencyCode currencyIso",
        "offers.priceCurrency offers.priceSpecification.priceCurrency offers.offers.priceCurrency"
        " hasVariant.offers.priceCurrency price.currency",
        "product:sale_price:currency product:price:currency og:price:currency og:currency currency",
    ),
    _concept(
        "availability inStock stock stockStatus available isAvailable availabilityStatus stockLevel",
        "offers.availability offers.offers.availability hasVariant.offers.availability",
        "product:availability og:availability availability label:availability label:verfügbarkeit",
    ),
    _concept(
        "sku articleNumber articleNo itemNumber itemNo productNumber productCode productSku itemCode skuId"
        " stockKeepingUnit modelNumber reference referenceNumber listingId propertyId",
        "sku offers.sku productID offers.productID offers.offers.sku hasVariant.sku",
        "product:retailer_item_id product:sku sku",
    ),
    _concept("productId itemId", "productID sku identifier", "product:retailer_item_id"),
    _concept("mpn manufacturerPartNumber partNumber", "mpn offers.mpn", "product:mfr_part_no product:mpn"),
    _concept(
        "gtin gtin13 gtin12 gtin14 gtin8 ean ean13 upc barcode",
        "gtin13 gtin gtin12 gtin14 gtin8 offers.gtin13 offers.gtin offers.gtin12 offers.gtin14 offers.gtin8",
        "product:ean product:upc product:gtin",
    ),
    _concept("isbn isbn13 isbn10", "isbn workExample.isbn gtin13", "books:isbn book:isbn og:isbn"),
    _concept(
        "brand brandName manufacturer make maker vendor",
        "brand.name brand manufacturer.name manufacturer",
        "product:brand og:brand brand",
    ),
    _concept("model modelName", "model.name model"),
    _concept("color colour", "color", "product:color"),
    _concept("size", "size", "product:size"),
    _concept("material", "material", "product:material"),
    _concept("weight", "weight.value weight", "product:weight:value"),
    _concept("condition itemCondition", "itemCondition offers.itemCondition", "product:condition"),
    _concept("seller sellerName merchant shop", "offers.seller.name offers.seller"),
    _concept("priceValidUntil validUntil", "offers.priceValidUntil offers.validThrough"),
    _concept(
        "category productCategory categories section articleSection genre recipeCategory",
        "recipeCategory articleSection category.name category genre additionalType",
        "product:category article:section",
    ),
    _concept(
        "rating ratings ratingValue averageRating avgRating stars score reviewScore",
        "aggregateRating.ratingValue reviewRating.ratingValue ratingValue",
        "og:rating",
    ),
    _concept(
        "reviewCount reviewsCount numberOfReviews ratingCount ratingsCount numberOfRatings numReviews",
        "aggregateRating.ratingCount aggregateRating.reviewCount reviewCount ratingCount",
        "og:rating_count",
    ),
    # articles
    _concept(
        "author authors authorName byline writer creator writtenBy postedBy reporter",
        "author.name author creator.name creator contributor.name byline",
        "author byl article:author_name dc.creator dcterms.creator dc.creator.name parsely-author"
        " sailthru.author article:author cxenseparse:author label:writtenby label:author label:verfasstvon"
        " label:écritpar label:geschriebenvon label:escritopor label:autor label:auteur label:scrittoda",
    ),
    _concept(
        "datePublished publishedDate publicationDate publishDate pubDate date published publishedAt"
        " publishedOn postDate postedDate releaseDate createdAt dateCreated publishedTime firstPublished",
        "datePublished uploadDate dateCreated releaseDate datePosted",
        "article:published_time og:article:published_time article:published og:published_time datepublished"
        " publication_date publish-date published_date publishdate pubdate date dc.date dc.date.issued"
        " dcterms.date dcterms.issued dcterms.created parsely-pub-date sailthru.date rnews:datepublished"
        " cxenseparse:recs:publishtime originalpublicationdate article_date_original bt:pubdate timestamp"
        " citation_publication_date citation_date",
    ),
    _concept(
        "dateModified modifiedDate updatedDate updated updatedAt lastUpdated lastModified modifiedAt",
        "dateModified",
        "article:modified_time og:updated_time dcterms.modified lastmod",
    ),
    _concept("publisher publisherName", "publisher.name publisher", "og:site_name dc.publisher"),
    _concept("articleBody body text content fullText", "articleBody text reviewBody"),
    _concept("wordCount words", "wordCount"),
    # recipes
    _concept("ingredients recipeIngredient ingredientList", "recipeIngredient ingredients"),
    _concept(
        "instructions instructionsList recipeInstructions steps directions method preparation",
        "recipeInstructions step instructions",
    ),
    _concept("totalTime totalDuration", "totalTime"),
    _concept("prepTime preparationTime", "prepTime"),
    _concept("cookTime cookingTime bakeTime", "cookTime performTime"),
    _concept("yields yield recipeYield servings serves portions numberOfServings", "recipeYield yield"),
    _concept("cuisine recipeCuisine", "recipeCuisine"),
    _concept("cookingMethod", "cookingMethod"),
    _concept("calories", "nutrition.calories"),
    _concept("nutrition nutrients nutritionInformation", "nutrition"),
    # places and real estate
    _concept(
        "address addressString fullAddress location streetAddress street",
        "address.streetAddress address location.address.streetAddress location.address location.name"
        " jobLocation.address.streetAddress",
        "og:street-address",
    ),
    _concept(
        "postalCode postcode zip zipCode plz",
        "address.postalCode location.address.postalCode jobLocation.address.postalCode",
        "og:postal-code place:location:postal_code",
    ),
    _concept(
        "city addressLocality locality town",
        "address.addressLocality location.address.addressLocality jobLocation.address.addressLocality",
        "og:locality",
    ),
    _concept(
        "region state province addressRegion",
        "address.addressRegion location.address.addressRegion jobLocation.address.addressRegion",
        "og:region",
    ),
    _concept(
        "latitude lat", "geo.latitude location.geo.latitude latitude", "place:location:latitude og:latitude"
    ),
    _concept(
        "longitude lng lon long",
        "geo.longitude location.geo.longitude longitude",
        "place:location:longitude og:longitude",
    ),
    _concept("bedrooms countBedrooms numberOfBedrooms beds bedroomCount numBedrooms", "numberOfBedrooms"),
    _concept(
        "bathrooms countBathrooms numberOfBathrooms numberOfBathroomsTotal baths bathroomCount numBathrooms",
        "numberOfBathroomsTotal numberOfBathrooms numberOfFullBathrooms",
    ),
    _concept("rooms countRooms numberOfRooms roomCount numRooms", "numberOfRooms.value numberOfRooms"),
    _concept(
        "floorSize area livingArea constructedArea floorArea squareMeters squareFeet surface builtArea sqft",
        "floorSize.value floorSize",
    ),
    _concept("yearBuilt yearConstruction constructionYear buildYear", "yearBuilt"),
    _concept("propertyType accommodationCategory houseType", "accommodationCategory"),
    _concept("telephone phone phoneNumber tel", "telephone contactPoint.telephone", "og:phone_number"),
    _concept("email emailAddress", "email contactPoint.email", "og:email"),
    _concept("openingHours hours", "openingHours openingHoursSpecification"),
    # jobs and events
    _concept("company employer hiringOrganization companyName employerName", "hiringOrganization.name"),
    _concept(
        "salary baseSalary pay wage", "baseSalary.value.value baseSalary.value.minValue baseSalary.value"
    ),
    _concept("employmentType jobType contractType", "employmentType"),
    _concept("datePosted postedOn", "datePosted", "article:published_time"),
    _concept("validThrough deadline closingDate applicationDeadline expires", "validThrough"),
    _concept("startDate start begins startTime", "startDate", "event:start_time"),
    _concept("endDate end ends endTime", "endDate", "event:end_time"),
    _concept("venue venueName", "location.name"),
    _concept("organizer organiser", "organizer.name organizer"),
    # works
    _concept("director", "director.name director"),
    _concept("actors cast", "actor.name actors.name actor"),
    _concept("duration runtime length", "duration", "video:duration og:video:duration"),
    _concept("pages numberOfPages pageCount", "numberOfPages"),
    _concept("edition bookEdition", "bookEdition"),
    _concept("format bookFormat binding", "bookFormat"),
)
